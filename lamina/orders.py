"""What a person can ask of a flow: the form in Prefect's UI and the options of the command line.

One definition for both, so a description is written once.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

ChunkTokens = Annotated[
    int,
    Field(ge=32, le=32768, title="Chunk size", description="longest chunk, in tokens of the base"),
]
Archive = Annotated[
    bool, Field(title="Archive", description="move the used PDFs into the archive at the end")
]


class TrainLayers(BaseModel):
    """One layer for each folder of `raw_pdfs`."""

    model_config = ConfigDict(extra="forbid")

    layers: list[str] = Field(
        default=[],
        title="Layers",
        description="layers to bring up to date; none = all",
    )
    profile: str = Field(
        "level2", title="Profile", description="training preset: level1, level2, level3 or demo"
    )
    overrides: dict[str, Any] = Field(
        default={},
        title="Overrides",
        description='single values of the profile, such as {"epochs": 5, "rank": 32}',
    )
    chunk_tokens: ChunkTokens = 512
    archive: Archive = True


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
    archive: Archive = True


class AskLayers(BaseModel):
    """Questions over the base, layers and blends, against a running server."""

    model_config = ConfigDict(extra="forbid")

    layers: list[str] = Field(
        default=[], title="Layers", description="layers to ask; none = all that the server knows"
    )
    blends: list[str] = Field(
        default=[], title="Blends", description="blends to ask, such as Leases:0.6+Debt:0.4"
    )
    server_url: str | None = Field(
        None,
        title="Server",
        description="address of the layer server; none = the pod's own, started if it is not up",
    )
    start_server: bool = Field(
        default=False,
        title="Start a server",
        description="start one on this pod for the run, even if another one is up",
    )
    max_tokens: int = Field(
        64, ge=1, le=4096, title="Answer length", description="longest answer, in tokens"
    )


class Demo(BaseModel):
    """The main job on the embedded base and the sample handbooks."""

    model_config = ConfigDict(extra="forbid")

    prove_cache: bool = Field(
        default=False,
        title="Prove the cache",
        description="afterwards run again unchanged, and again with one PDF added to one topic",
    )
