"""Which JSON schemas the grammar converter carries: what it would ignore is refused by name.

A schema is a promise about the answer. The converter drops keywords it does not know, so a caller
would believe in a bound that nobody keeps.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lamina.errors import InvalidInputError

_SAYS_NOTHING = {
    *("$schema", "$id", "$comment", "$defs", "definitions", "title", "description"),
    *("default", "examples", "example", "deprecated", "readOnly", "writeOnly", "strict", "name"),
}
_ANY = {"type", "$ref", "enum", "const", "oneOf", "anyOf", "allOf"}
_OF_TYPE = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "prefixItems", "minItems", "maxItems"},
    "string": {"pattern", "format", "minLength", "maxLength"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
}
_FORMATS = {"date", "time", "date-time", "uuid", "uuid1", "uuid2", "uuid3", "uuid4", "uuid5"}
_MAX_DEPTH = 64


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
