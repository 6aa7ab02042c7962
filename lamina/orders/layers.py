"""Asking for layers: one, many, or all that are due."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.orders.documents import Archive, ChunkTokens, Reading
from lamina.orders.parity import CheckParity
from lamina.summary import listed


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

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return f"train {listed(self.layers) or 'what is due'}"

    def called(self, due: Mapping[str, str]) -> str:
        """The name of a run, once it is known what is due and why."""
        if len(due) == 1:
            return self.one(*due).called(due)
        told = listed([f"{name} ({why})" for name, why in due.items()])
        return f"train {len(due)} layers: {told}" if due else "train nothing: all is up to date"

    def told(self, done: Collection[str]) -> str:
        """What came of it."""
        return f"trained: {listed(done)}" if done else "all layers are up to date"

    def one(self, layer: str) -> "TrainLayer":
        """The same for one of the layers."""
        return TrainLayer(layer=layer, **self.model_dump(exclude={"layers"}))


class TrainLayer(_Training):
    """One layer; runs of several layers may go on side by side."""

    model_config = ConfigDict(json_schema_extra=_first("layer"))

    layer: str = Field(title="Layer", description="the layer to bring up to date")

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return f"train {self.layer}"

    def called(self, due: Mapping[str, str]) -> str:
        """The name of a run, once it is known what is due and why."""
        return f"{self.title}: {due.get(self.layer, 'up to date')}"
