"""What a field may hold, in words, and a value that it may not hold, as one sentence.

Taken from the models themselves, so that options, settings, training values and their help cannot
say anything else than what is checked.
"""

from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from functools import partial
from typing import Any

from pydantic import AliasChoices, BaseModel, ValidationError

from lamina.errors import InvalidInputError

_KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "array": "a list in brackets",
    "object": "values by name",
    "null": "none",
}


def allowed(schema: Mapping[str, Any]) -> str:
    """`a whole number from 32 to 32768`, of a field's JSON schema."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(allowed(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if schema.get("format") == "path":
        return "a path"
    if "pattern" in schema:
        return str(schema.get("description", "text"))
    return " ".join(filter(None, (_KINDS.get(schema.get("type", ""), "a value"), _range(schema))))


def _range(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"from {least:,} to {most:,}"
    limits = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "of at most",
        "exclusiveMaximum": "below",
    }
    return " and ".join(f"{said} {schema[key]:,}" for key, said in limits.items() if key in schema)


def fields(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Each field's JSON schema, by the field's own name."""
    found: dict[str, dict[str, Any]] = model.model_json_schema(by_alias=False)["properties"]
    return found


def refusal(
    error: ValidationError, model: type[BaseModel], named: Callable[[str], str]
) -> InvalidInputError:
    """The first thing that is wrong, under the name that people set it by, and what could be."""
    first = error.errors(include_url=False)[0]
    name = _field(model, str(first["loc"][0])) if first["loc"] else ""
    for part in map(str, first["loc"][1:]):  # a value within a value by names
        inner = model.model_fields[name].annotation if name in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        outer, before = name, named
        model, name = inner, _field(inner, part)
        named = partial(_within, before, outer)
    if first["type"] == "extra_forbidden":
        return InvalidInputError(f"{named(name)} is unknown; choose one of {nearest(name, model)}")
    schema = fields(model).get(name)
    if schema is None:
        return InvalidInputError(f"{first['msg'].removeprefix('Value error, ')}; correct it")
    return InvalidInputError(
        f"{named(name)} cannot be {first['input']!r}: it must be {allowed(schema)}; "
        "correct it and run again"
    )


def _within(named: Callable[[str], str], outer: str, inner: str) -> str:
    return f"{named(outer)}: {inner}"


def nearest(name: str, model: type[BaseModel]) -> str:
    """The names that a model knows, those like this one first."""
    by_likeness = sorted(
        model.model_fields, key=lambda known: -SequenceMatcher(None, name, known).ratio()
    )
    return ", ".join(by_likeness)


def _field(model: type[BaseModel], part: str) -> str:
    """The field that a name or one of its aliases means."""
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices) and part in alias.choices:
            return name
    return part
