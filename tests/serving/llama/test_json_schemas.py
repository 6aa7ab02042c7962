"""JSON schemas as constraints: what the answer is held to, and what is refused by name."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from constrained import answered, taken

from lamina.errors import InvalidInputError
from lamina.serving.llama import Base, Constraints, ContextOptions, open_base, quiet

Schema = dict[str, Any]
BILLION = 1_000_000_000
LIMIT_S = 0.5  # of processor time, for what takes minutes and gigabytes where it is built


def nested(depth: int) -> Schema:
    schema: Schema = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


def doubling(steps: int, word: str) -> Schema:
    """References of which each stands for two of the one before."""
    defs: Schema = {"a0": {"type": "object", "properties": {"x": {"type": "integer"}}}}
    for step in range(1, steps):
        one = {"$ref": f"#/$defs/a{step - 1}"}
        other = {"type": "object", "properties": {f"x{step}": one}}
        defs[f"a{step}"] = {word: [one, other]}
    return {"allOf": [{"$ref": f"#/$defs/a{steps - 1}"}] * 2, "$defs": defs}


@pytest.fixture(scope="module")
def base(base_gguf: Path) -> Iterator[Base]:
    quiet()
    with open_base(base_gguf, ContextOptions(n_ctx=512, n_slots=1, n_threads=1)) as opened:
        Constraints(opened.vocabulary).of_schema({})
        yield opened


@pytest.fixture(scope="module")
def constraints(base: Base) -> Constraints:
    made = Constraints(base.vocabulary)
    made.of_schema({})
    return made


@pytest.mark.parametrize(
    "bomb",
    [
        {"type": "array", "items": {"type": "integer"}, "minItems": BILLION},
        {"type": "array", "items": {"type": "integer"}, "maxItems": BILLION},
        {"type": "string", "minLength": BILLION},
        {"type": "string", "maxLength": BILLION},
        {"type": "string", "pattern": f"^a{{{BILLION}}}$"},
        {"type": "string", "pattern": f"^(ab|c){{0,{BILLION}}}$"},
        {"type": "integer", "multipleOf": 1_234_567},
        {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(5000)}},
        {"enum": ["x" * 20 + str(number) for number in range(5000)]},
        nested(65),
        nested(150),
        doubling(40, "anyOf"),
        doubling(40, "allOf"),
        {"$ref": "#"},
        {"$ref": "https://example.com/schema.json"},
    ],
    ids=lambda bomb: json.dumps(bomb)[:60],
)
def test_a_schema_that_explodes_is_refused_before_anything_is_built(
    constraints: Constraints, bomb: Schema
) -> None:
    began_s = time.process_time()
    with pytest.raises(InvalidInputError):
        constraints.of_schema(bomb)

    assert time.process_time() - began_s < LIMIT_S


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(a{1000}){1000}$"},
        {"type": "string", "pattern": "^([a-z]{0,1000}b){0,1000}$"},
        {"type": "string", "pattern": "^(.*a.{50}){5}$"},
        {"type": "array", "items": nested(50), "minItems": 99_999, "maxItems": 100_000},
    ],
    ids=lambda schema: json.dumps(schema)[:60],
)
def test_a_large_schema_costs_little_at_every_token(
    base: Base, constraints: Constraints, schema: Schema
) -> None:
    began_s = time.process_time()
    answered(base, constraints.of_schema(schema), seed=1, n_tokens=60)

    assert time.process_time() - began_s < LIMIT_S


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "integer", "multipleOf": 5}, "multipleOf"),
        ({"type": "object", "properties": {"a": {"not": {}}}}, r"properties\.a asks for not"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "uniqueItems"),
        ({"anyOf": [{"type": "string", "format": "iri"}]}, "iri"),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"if": {}}}}, r"\$defs\.x asks for if"),
        ({"type": "string", "maxLenght": 3}, "maxLenght"),
        ({"type": "string", "pattern": "^(?=a)b$"}, "look-around"),
        ({"type": "string", "x-guidance": {"lenient": True}}, "x-guidance"),
        ({"type": "integer", "exclusiveMinimum": True, "minimum": 3}, "exclusiveMinimum True"),
        ({"type": "string", "contentEncoding": "base64"}, "contentEncoding"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "oneOf"),
        ({"type": "array", "minItems": 5, "maxItems": 3}, "minItems"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "minimum"),
    ],
)
def test_what_could_not_be_kept_is_named(
    constraints: Constraints, schema: Schema, named: str
) -> None:
    with pytest.raises(InvalidInputError, match=named):
        constraints.of_schema(schema)


REF = {"$defs": {"colour": {"enum": ["red", "green"]}, "count": {"type": "integer", "minimum": 7}}}


@pytest.mark.parametrize(
    ("schema", "well", "ill"),
    [
        ({"allOf": [{"type": "integer"}]}, "12", '"a"'),
        ({**REF, "$ref": "#/$defs/colour"}, '"red"', '"blue"'),
        ({**REF, "$ref": "#/$defs/count", "maximum": 8}, "8", "9"),
        ({"type": "string", "pattern": "^a+$", "maxLength": 3}, '"aaa"', '"aaaa"'),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, "0.5", "1.5"),
        ({"type": ["string", "null"], "maxLength": 1}, "null", '"aa"'),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
            },
            '{"b":1}',
            '{"c":1}',
        ),
        (
            {
                "allOf": [
                    {"type": "object", "properties": {"a": {"type": "integer"}}},
                    {"type": "object", "properties": {"a": {"maximum": 3}}, "required": ["a"]},
                ]
            },
            '{"a":3}',
            '{"a":4}',
        ),
        ({"type": "array", "prefixItems": [{"const": 1}], "items": False}, "[1]", "[2]"),
        ({"type": "string", "maxLength": 4000}, '"a"', "1"),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 1000}, "[1,2]", "[a]"),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:60],
)
def test_what_a_schema_says_beside_and_by_reference_is_kept(
    base: Base, constraints: Constraints, schema: Schema, well: str, ill: str
) -> None:
    constraint = constraints.of_schema(schema)

    assert taken(base, constraint, well)
    assert not taken(base, constraint, ill)


@pytest.mark.parametrize("schema", [{"type": "boolean"}, {"const": "the lease"}, {"const": {}}])
def test_the_whole_vocabulary_is_told_what_one_token_is(
    base: Base, constraints: Constraints, schema: Schema
) -> None:
    """Any way to spell an answer will do, however many tokens it takes."""
    matcher = constraints.of_schema(schema).start()
    allowed = [token for token in range(base.vocabulary.size) if matcher.allows(token)]

    assert np.flatnonzero(matcher.allowed()).tolist() == allowed


def test_nothing_but_an_end_follows_a_whole_answer(base: Base, constraints: Constraints) -> None:
    words = base.vocabulary
    matcher = constraints.of_schema({"const": 1}).start()
    matcher.take(next(token for token in range(words.size) if words.piece(token) == b"1"))

    assert {token for token in range(words.size) if matcher.allows(token)} == words.ends
    with pytest.raises(InvalidInputError):
        matcher.take(300)


def asked(http: httpx.Client, schema: Schema, **more: object) -> httpx.Response:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = {"messages": [{"role": "user", "content": "how many?"}], "max_tokens": 40, **more}
    return http.post("/v1/chat/completions", json=body | {"response_format": form})


def test_an_answer_keeps_an_integers_bounds(http: httpx.Client) -> None:
    year = {"type": "integer", "minimum": 1990, "exclusiveMaximum": 1992}
    schema = {"type": "object", "properties": {"year": year}, "required": ["year"]}
    schema["additionalProperties"] = False

    text = asked(http, schema).json()["choices"][0]["message"]["content"]

    assert json.loads(text)["year"] in {1990, 1991}


def test_a_schema_that_cannot_be_kept_is_a_400_that_names_the_keyword(http: httpx.Client) -> None:
    reply = asked(http, {"type": "number", "multipleOf": 3})

    assert reply.status_code == 400
    assert "multipleOf" in reply.json()["error"]["message"]
