"""JSON schemas as grammars: llama-cpp-python's converter, with bounds of integers added.

A schema is a promise about the answer. The converter drops keywords it does not know, so a caller
would believe in a bound that nobody keeps: what it would ignore is refused by name.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from llama_cpp.llama_grammar import SchemaConverter

from lamina.errors import InvalidInputError, LaminaError
from lamina.serving.llama.integer_ranges import integers_between

_MAX_CHARACTERS = 131_072  # the converter's time grows faster than the schema
_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
_SAYS_NOTHING = {
    *("$schema", "$id", "$comment", "$defs", "definitions", "title", "description"),
    *("default", "examples", "example", "deprecated", "readOnly", "writeOnly", "strict", "name"),
}
_ANY = {"type", "$ref", "enum", "const", "oneOf", "anyOf", "allOf"}
_OF_TYPE = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems"},
    "string": {"pattern", "format", "minLength", "maxLength"},
    "integer": set(_BOUNDS),
}
_FORMATS = {"date", "time", "date-time", "uuid", "uuid1", "uuid2", "uuid3", "uuid4", "uuid5"}
_MAX_DEPTH = 64


class _Converter(SchemaConverter):  # type: ignore[misc] # the library is untyped
    def visit(self, schema: Any, name: str) -> str:  # noqa: ANN401 - any JSON
        """As the library does, but an integer keeps its bounds."""
        bounded = isinstance(schema, dict) and schema.get("type") == "integer"
        if not bounded or not schema.keys() & set(_BOUNDS) or schema.keys() & {"enum", "const"}:
            return str(super().visit(schema, name))
        rule = f"({integers_between(*_bounds(schema))}) space"
        return str(self._add_rule(f"{name}-bounded" if name else "root", rule))


def _bounds(schema: dict[str, Any]) -> tuple[int | None, int | None]:
    """Smallest and largest allowed value; None where there is no such bound."""
    values = {word: schema[word] for word in _BOUNDS if word in schema}
    for word, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int):
            msg = f"{word} {value!r} is no bound for an integer; give a whole number"
            raise InvalidInputError(msg)
    lows = [values["minimum"]] if "minimum" in values else []
    lows += [values["exclusiveMinimum"] + 1] if "exclusiveMinimum" in values else []
    highs = [values["maximum"]] if "maximum" in values else []
    highs += [values["exclusiveMaximum"] - 1] if "exclusiveMaximum" in values else []
    return max(lows, default=None), min(highs, default=None)


def grammar_of_schema(schema: dict[str, Any]) -> str:
    """GBNF for a JSON schema.

    Raises:
        InvalidInputError: the schema cannot be turned into a grammar that keeps all it says.

    """
    check_schema(schema)
    text = json.dumps(schema)
    if len(text) > _MAX_CHARACTERS:
        msg = (
            f"the JSON schema has {len(text)} characters, more than {_MAX_CHARACTERS}; simplify it"
        )
        raise InvalidInputError(msg)
    try:
        converter = _Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
        # Through JSON: the converter changes what it is given.
        resolved = converter.resolve_refs(json.loads(text), "request")
        converter.visit(resolved, "")
        return str(converter.format_grammar())
    except LaminaError:
        raise
    except Exception as error:  # the converter raises whatever its recursion meets
        msg = f"the JSON schema cannot be made a grammar ({error}); simplify it"
        raise InvalidInputError(msg) from error


def check_schema(schema: Any, path: str = "schema", depth: int = 0) -> None:  # noqa: ANN401 - JSON
    """Whether every keyword of a schema can be kept.

    Raises:
        InvalidInputError: one cannot; the message names it and where it stands.

    """
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        msg = f"{path[:200]} is no JSON schema, or nests deeper than {_MAX_DEPTH}; correct it"
        raise InvalidInputError(msg)
    if unkept := _unkept(schema):
        msg = f"{path} asks for {unkept}, which this server cannot hold an answer to; leave it out"
        raise InvalidInputError(msg)
    for name, inner in _inner(schema):
        check_schema(inner, f"{path}.{name}", depth + 1)


def _unkept(schema: Mapping[str, Any]) -> str | None:
    """The first keyword that the grammar would not carry."""
    kind = schema.get("type")
    kept = _ANY | _SAYS_NOTHING
    for name in [kind] if isinstance(kind, str) else _OF_TYPE if kind is None else []:
        kept |= _OF_TYPE.get(str(name), set())
    for word in schema:
        if word not in kept:
            return f"{word} of a {kind}" if isinstance(kind, str) else str(word)
    bounds = schema.keys() & _OF_TYPE["integer"]
    if bounds and (kind != "integer" or schema.keys() & {"enum", "const"}):
        return f"{min(bounds)} of anything but a plain integer"
    if schema.get("format", "date") not in _FORMATS:
        return f"format {schema['format']!r}"
    if "pattern" in schema and schema.keys() & {"minLength", "maxLength", "format"}:
        return "a pattern together with a length or format"
    return None


def _inner(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for word in ("properties", "$defs", "definitions"):
        for name, inner in (schema.get(word) or {}).items():
            yield f"{word}.{name}", inner
    for word in ("oneOf", "anyOf", "allOf", "prefixItems"):
        for number, inner in enumerate(schema.get(word) or []):
            yield f"{word}[{number}]", inner
    for word in ("items", "additionalProperties"):
        inner = schema.get(word)
        if isinstance(inner, list):
            yield from ((f"{word}[{number}]", one) for number, one in enumerate(inner))
        elif inner is not None:
            yield word, inner
