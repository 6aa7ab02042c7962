"""JSON schemas as grammars: llama-cpp-python's converter, with bounds of integers added."""

import json
from typing import Any

from llama_cpp.llama_grammar import SchemaConverter

from lamina.errors import InvalidInputError, LaminaError
from lamina.serving.llama.integer_ranges import integers_between
from lamina.serving.llama.schema_keywords import check_schema

_MAX_CHARACTERS = 131_072  # the converter's time grows faster than the schema
_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")


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
