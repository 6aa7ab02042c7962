"""How a request says which layers answer, and how strongly."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StrictInt,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from lamina.errors import InvalidInputError
from lamina.serving.http.requests.fields import known_fields
from lamina.serving.layers.blends import Part, checked_scale


class LayerRef(BaseModel):
    """A layer by id, name or path, and its strength."""

    model_config = ConfigDict(extra="forbid")

    id: StrictInt | None = Field(None, description="its number in GET /lora-adapters")
    name: str | None = None
    path: str | None = Field(None, description="a GGUF file or a PEFT folder in an allowed root")
    scale: Annotated[float, Field(strict=True)] = Field(
        1.0, description="strength; 0 leaves it out"
    )

    @model_validator(mode="after")
    def _names_one_layer(self) -> "LayerRef":
        if sum(value is not None for value in (self.id, self.name, self.path)) != 1:
            msg = "give exactly one of id, name and path"
            raise ValueError(msg)
        return self

    def part(self) -> Part:
        """As a part of a blend."""
        layer = self.id if self.id is not None else self.name
        where = Path(self.path) if self.path is not None else layer
        assert where is not None  # noqa: S101 - the validator made sure
        return Part(where, checked_scale(self.scale, where))


class LayerOrder(BaseModel):
    """Body of POST /lora-adapters in its object form."""

    model_config = ConfigDict(extra="forbid")

    adapters: list[LayerRef]


_BARE = TypeAdapter(list[LayerRef])


def parts_ordered(body: JsonValue) -> tuple[Part, ...]:
    """The blend of both forms of the order: `{"adapters": [...]}` and llama-server's bare list.

    Raises:
        InvalidInputError: the body is of neither form.

    """
    try:
        if isinstance(body, list):
            named = _BARE.validate_python(body)
        else:
            named = LayerOrder.model_validate(body).adapters
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = (
            f"the layers cannot be read ({where}: {first['msg']}); "
            'send {"adapters":[{"name":"...","scale":1.0}]}'
        )
        raise InvalidInputError(msg) from error
    return tuple(one.part() for one in named)


class LayerChoice(BaseModel):
    """How a request says which layers answer."""

    model_config = ConfigDict(allow_inf_nan=False)

    model: str | None = Field(
        None,
        description="`base`, a layer, a blend `A:0.6+B:0.4`, a saved blend, `default`, or `auto`: "
        "the layer that was trained on what is asked",
    )
    lora: list[LayerRef] | None = Field(None, description="the layers, where `model` names none")

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_ignored(cls, values: Any) -> Any:  # noqa: ANN401 - any JSON
        return known_fields(values, cls.model_fields) if isinstance(values, dict) else values

    def parts(self) -> tuple[Part, ...] | None:
        """The field `lora` as a blend; None where it is not given."""
        return None if self.lora is None else tuple(one.part() for one in self.lora)
