"""Two hundred generated schemas: what is accepted gives answers that they describe."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from constrained import answered
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from lamina.errors import InvalidInputError
from lamina.serving.llama import Base, Constraints, ContextOptions, open_base, quiet

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def base(base_gguf: Path) -> Iterator[Base]:
    quiet()
    with open_base(base_gguf, ContextOptions(n_ctx=512, n_slots=1, n_threads=1)) as opened:
        yield opened


@pytest.fixture(scope="module")
def constraints(base: Base) -> Constraints:
    return Constraints(base.vocabulary)


NAMES = st.sampled_from(["a", "b", "lease term", 'quoted "x"', "\u00fc"])
SMALL = st.integers(0, 4)
VALUES = st.sampled_from([None, True, 0, -3, 2.5, "", "red", 'a "b" \\ c', [1], {"a": None}])


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries({}, optional=optional)


def typed(kind: str, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return some(**optional).map(lambda rest: {"type": kind, **rest})


NUMBERS = st.integers(-20, 20) | st.sampled_from([0.5, -2.25])
LEAVES = st.one_of(
    typed("integer", minimum=st.integers(-20, 20), exclusiveMaximum=st.integers(-20, 200)),
    typed("number", minimum=NUMBERS, maximum=NUMBERS, exclusiveMinimum=NUMBERS),
    typed("string", minLength=SMALL, maxLength=st.integers(0, 9), title=st.just("a text")),
    typed("string", pattern=st.sampled_from(["^[A-Z]{2}[0-9]{1,3}$", "x", "^(a|b)+$", r"^\d*\.$"])),
    typed("string", format=st.sampled_from(["date", "time", "date-time", "uuid", "ipv4", "email"])),
    typed("boolean"),
    typed("null"),
    st.lists(VALUES, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    VALUES.map(lambda value: {"const": value}),
    st.just({"$ref": "#/$defs/one"}),
    st.just({"type": ["integer", "null"]}),
)


def larger(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    several = st.lists(inner, min_size=1, max_size=3)
    held = st.dictionaries(NAMES, inner, max_size=3)
    objects = typed(
        "object",
        properties=held,
        required=st.lists(NAMES, max_size=2, unique=True),
        additionalProperties=st.booleans() | inner,
        minProperties=st.integers(0, 2),
        patternProperties=st.just({"^x": {"type": "integer"}}),
        anyOf=st.just([{"required": ["a"]}, {"required": ["b"]}]),
    )
    arrays = typed(
        "array", items=inner, minItems=st.integers(0, 3), maxItems=SMALL, prefixItems=several
    )
    joined = some(anyOf=several, allOf=several, oneOf=several, description=st.just("several"))
    return objects | arrays | joined | st.tuples(inner, joined).map(lambda two: two[1] | two[0])


SCHEMAS = st.tuples(st.recursive(LEAVES, larger, max_leaves=6), LEAVES).map(
    lambda two: {**two[0], "$defs": {"one": two[1] if "$ref" not in two[1] else {}}}
)
SEEN: Counter[str] = Counter()


@settings(
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(schema=SCHEMAS, seed=st.integers(0, 2**16))
def test_an_accepted_schema_always_gives_json_that_it_describes(
    base: Base, constraints: Constraints, schema: Schema, seed: int
) -> None:
    SEEN["asked"] += 1
    try:
        constraint = constraints.of_schema(schema)
    except InvalidInputError:
        SEEN["refused"] += 1
        return
    text = answered(base, constraint, seed=seed)
    if text is None:
        SEEN["unfinished"] += 1
        return
    checker = FormatChecker(["date", "uuid", "ipv4", "email"])
    Draft202012Validator(schema, format_checker=checker).validate(json.loads(text))


def test_most_generated_schemas_were_accepted_and_answered() -> None:
    assert SEEN["asked"] >= 200
    assert SEEN["refused"] + SEEN["unfinished"] < SEEN["asked"] / 2, SEEN
