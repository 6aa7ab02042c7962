"""Asking for the demonstration."""

from pydantic import BaseModel, ConfigDict, Field


class Demo(BaseModel):
    """The main job on the embedded base and the sample handbooks."""

    model_config = ConfigDict(extra="forbid")

    prove_cache: bool = Field(
        default=False,
        title="Prove the cache",
        description="afterwards run again unchanged, and again with one PDF added to one topic",
    )
