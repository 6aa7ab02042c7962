"""JSON schemas as grammars: what the answer is held to, and what is refused by name."""

import re

import httpx
import pytest

from lamina.errors import InvalidInputError
from lamina.serving.llama.integer_ranges import integers_between
from lamina.serving.llama.schemas import check_schema


def matches(gbnf: str, text: str) -> bool:
    """GBNF of one rule without names differs from a regular expression in its quotes and spaces."""
    return re.fullmatch(gbnf.replace('"', "").replace(" ", ""), text) is not None


@pytest.mark.parametrize(
    ("least", "most"),
    [(0, 0), (1, 5), (0, 100), (7, 1305), (99, 101), (-3, 3), (-120, -7), (-1000, 0), (230, 1999)],
)
def test_exactly_the_integers_of_a_range_match(least: int, most: int) -> None:
    rule = integers_between(least, most)
    matching = [number for number in range(-2100, 2100) if matches(rule, str(number))]

    assert list(range(least, most + 1)) == matching
    assert not any(matches(rule, text) for text in ("-0", "01", "-01", "", "-"))


@pytest.mark.parametrize(
    ("least", "most", "inside", "outside"),
    [(18, None, "123456789", "17"), (None, -2, "-99999", "-1"), (None, 65, "-7", "66")],
)
def test_a_range_may_be_open(
    least: int | None, most: int | None, inside: str, outside: str
) -> None:
    rule = integers_between(least, most)

    assert matches(rule, inside)
    assert not matches(rule, outside)


def test_a_range_without_integers_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="between 5 and 4"):
        integers_between(5, 4)


@pytest.mark.parametrize(
    ("schema", "named"),
    [
        ({"type": "number", "minimum": 0}, "minimum"),
        ({"type": "integer", "multipleOf": 5}, "multipleOf"),
        ({"type": "object", "properties": {"a": {"not": {}}}}, r"properties\.a asks for not"),
        ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "uniqueItems"),
        ({"anyOf": [{"type": "string", "format": "email"}]}, "email"),
        ({"$defs": {"x": {"if": {}}}}, "if"),
        ({"type": "string", "pattern": "^a$", "maxLength": 3}, "pattern"),
    ],
)
def test_a_keyword_that_would_not_be_kept_is_named(schema: dict, named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        check_schema(schema)


def asked(http: httpx.Client, schema: dict) -> httpx.Response:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = {"messages": [{"role": "user", "content": "how many?"}], "max_tokens": 40}
    return http.post("/v1/chat/completions", json=body | {"response_format": form})


def test_an_answer_keeps_an_integers_bounds(http: httpx.Client) -> None:
    year = {"type": "integer", "minimum": 1990, "exclusiveMaximum": 1992}
    schema = {"type": "object", "properties": {"year": year}, "required": ["year"]}

    text = asked(http, schema).json()["choices"][0]["message"]["content"]

    assert re.search(r'"year"\s*:\s*199[01]\s*}', text), text


def test_a_schema_that_cannot_be_kept_is_a_400_that_names_the_keyword(http: httpx.Client) -> None:
    reply = asked(http, {"type": "number", "maximum": 3})

    assert reply.status_code == 400
    assert "maximum" in reply.json()["error"]["message"]
