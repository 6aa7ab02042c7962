"""Asking for layers: one, many, or all that are due."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.orders.documents import Archive, ChunkTokens, Reading
from lamina.orders.parity import CheckParity


def _first(name: str) -> Callable[[dict[str, Any]], None]:
    """The form shows this field before those of the model's parent."""

    def reorder(schema: dict[str, Any]) -> None:
        fields = schema["properties"]
        schema["properties"] = {name: fields[name], **fields}

    return reorder


class _Training(BaseModel):
    """What training one layer or many has in common."""

    model_config = ConfigDict(extra="forbid")

    profile: str = Field(
        "layer",
        title="Profile",
        description="layer, study, level1, level2, level3, demo, or a Training profile block of "
        "another name",
    )
    overrides: dict[str, Any] = Field(
        default={},
        title="Overrides",
        description='single values of the profile, such as {"epochs": 5, "rank": 32}',
    )
    sweep: bool = Field(
        default=False,
        title="Sweep",
        description="try other rates and ranks on a share of the steps first, and take the best",
    )
    general: str = Field(
        "general",
        title="General layer",
        description="layer whose rows are mixed into the others' where general_share is above 0",
    )
    chunk_tokens: ChunkTokens = 512
    reading: Reading = Field(
        Reading(), title="How to read", description="language of the documents, and OCR"
    )
    check_parity: bool = Field(
        default=True,
        title="Check parity",
        description="publish a layer only if it says as GGUF what it says in PyTorch",
    )
    parity: CheckParity = Field(
        default=CheckParity(), title="Parity", description="how closely, and on how many tokens"
    )
    archive: Archive = True


class TrainLayers(_Training):
    """One layer for each folder of `raw_pdfs`."""

    model_config = ConfigDict(json_schema_extra=_first("layers"))

    layers: list[str] = Field(
        default=[],
        title="Layers",
        description="layers to bring up to date; none = all",
    )


class TrainLayer(_Training):
    """One layer; runs of several layers may go on side by side."""

    model_config = ConfigDict(json_schema_extra=_first("layer"))

    layer: str = Field(title="Layer", description="the layer to bring up to date")
