"""What a JSON schema from a request may ask for, looked at before anything is built from it.

A schema is a promise about the answer. What could not be kept is refused by name, and so are
numbers, depths and sizes that only somebody who means harm would send. No llama.cpp, no tokens.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lamina.errors import InvalidInputError

_MAX_CHARACTERS = 65_536
_MAX_DEPTH = 64
_MAX_COUNT = 100_000  # no context holds an answer with more of anything
_COUNTS = frozenset(
    {
        *("minItems", "maxItems", "minLength", "maxLength"),
        *("minProperties", "maxProperties"),
    }
)
_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"})
_MAPS = ("properties", "patternProperties", "$defs", "definitions")
_LISTS = ("oneOf", "anyOf", "allOf", "prefixItems")
_ONES = ("items", "additionalProperties", "additionalItems")
_SAYS_NOTHING = frozenset(
    {
        *("$schema", "$id", "$comment", "$anchor", "title", "description", "default", "examples"),
        *("example", "deprecated", "readOnly", "writeOnly", "strict", "name"),
    }
)
# Missing on purpose: `multipleOf`, which llguidance keeps by an automaton of as many states as the
# number says (20 s and 700 MB for 1,234,567), and `content...`, which it passes over in silence.
_KEPT = _SAYS_NOTHING.union(
    _COUNTS, _BOUNDS, _MAPS, _LISTS, _ONES, ("type", "enum", "const", "required", "$ref"),
    ("pattern", "format"),
)  # fmt: skip
_REPEATED_TOO_OFTEN = re.compile(rf"\{{[\d, ]*\d{{{len(str(_MAX_COUNT))}}}")


def check_schema(schema: Mapping[str, Any], called: str = "schema") -> int:
    """Whether a schema asks for nothing that is known to be out of reach; gives its size.

    Raises:
        InvalidInputError: it does; the message names the keyword and where it stands.

    """
    size = 0
    for piece in json.JSONEncoder().iterencode(schema):  # which need not come to its end
        size += len(piece)
        if size > _MAX_CHARACTERS:
            msg = f"the JSON schema has more than {_MAX_CHARACTERS} characters; simplify it"
            raise InvalidInputError(msg)
    _check(schema, called, 0)
    return size


def _check(schema: Any, path: str, depth: int) -> None:  # noqa: ANN401 - JSON
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        msg = f"{path[:200]} is no JSON schema, or nests deeper than {_MAX_DEPTH}; correct it"
        raise InvalidInputError(msg)
    for word, value in schema.items():
        if word not in _KEPT:
            msg = (
                f"{path[:200]} asks for {word[:64]}, which this server cannot hold an answer to; "
                "leave it out"
            )
            raise InvalidInputError(msg)
        _check_value(word, value, path)
    for name, inner in _inner(schema):
        _check(inner, f"{path}.{name}", depth + 1)


def _check_value(word: str, value: object, path: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if word in _COUNTS and not (isinstance(value, int) and is_number and 0 <= value <= _MAX_COUNT):
        msg = f"{word} {value!r:.40} in {path[:200]} cannot be; give a number up to {_MAX_COUNT}"
        raise InvalidInputError(msg)
    if word in _BOUNDS and not is_number:
        msg = f"{word} {value!r:.40} in {path[:200]} is no bound; give a number"
        raise InvalidInputError(msg)
    if word == "pattern" and isinstance(value, str) and _REPEATED_TOO_OFTEN.search(value):
        msg = f"pattern {value!r:.80} in {path[:200]} repeats too often; take at most {_MAX_COUNT}"
        raise InvalidInputError(msg)


def _inner(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for word in _MAPS:
        if isinstance(named := schema.get(word), Mapping):
            yield from ((f"{word}.{name}", inner) for name, inner in named.items())
    for word in (*_LISTS, *_ONES):
        inner = schema.get(word)
        if isinstance(inner, list):
            yield from ((f"{word}[{number}]", one) for number, one in enumerate(inner))
        elif inner is not None and word in _ONES:
            yield word, inner
