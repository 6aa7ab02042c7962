"""Asking for the three levels over the whole corpus, and for merged models."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.orders.documents import Archive, ChunkTokens, Reading
from lamina.summary import listed


class TrainAll(BaseModel):
    """The three levels over the whole corpus, the best one merged into the base."""

    model_config = ConfigDict(extra="forbid")

    levels: list[str] = Field(
        default=["level1", "level2", "level3"],
        title="Levels",
        description="presets to train on the whole corpus",
    )
    rate_factor: float = Field(
        1.0,
        gt=0,
        title="Rate factor",
        description="times the presets' learning rates, which are for 7B; small bases need more",
    )
    merge: list[str] = Field(
        default=[],
        title="Merge",
        description="levels to merge into the base; none = the one with the best held-out loss",
    )
    overrides: dict[str, Any] = Field(
        default={}, title="Overrides", description='single values, such as {"epochs": 1}'
    )
    chunk_tokens: ChunkTokens = 512
    reading: Reading = Field(
        Reading(), title="How to read", description="language of the documents, and OCR"
    )
    archive: Archive = True

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return f"train {listed(self.levels)}"


class MergeAndConvert(BaseModel):
    """Trained levels or layers, merged into the base, converted to GGUF and quantized."""

    model_config = ConfigDict(extra="forbid")

    merge: list[str] = Field(
        default=[],
        title="Merge",
        description="levels or layers to merge; none = the level with the best held-out loss",
    )

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return f"merge {listed(self.merge) or 'the best level'}"
