"""What a person can ask of a flow: the form in Prefect's UI and the options of the command line.

One definition for both, so a description is written once.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ChunkTokens = Annotated[
    int,
    Field(ge=32, le=32768, title="Chunk size", description="longest chunk, in tokens of the base"),
]
AnswerTokens = Annotated[
    int, Field(ge=1, le=4096, title="Answer length", description="longest answer, in tokens")
]
Archive = Annotated[
    bool, Field(title="Archive", description="move the used PDFs into the archive at the end")
]


class Reading(BaseModel):
    """How documents are read and judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Literal["any", "cs", "de", "en", "es", "fr", "it", "nl", "pt"] = Field(
        "en",
        title="Language",
        description="language of the documents; others are refused; `any` takes every one",
    )
    ocr: bool = Field(
        default=False,
        title="OCR",
        description="read pages that are pictures with Tesseract, which must be installed; slow",
    )
    ocr_language: str = Field(
        "eng",
        pattern=r"^\w+(\+\w+)*$",
        title="OCR language",
        description="Tesseract's name of the language on the pictures, such as deu or eng+fra",
    )


class CheckParity(BaseModel):
    """Whether layers say as GGUF what they say in PyTorch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: int = Field(
        2000,
        ge=50,
        le=100_000,
        title="Tokens",
        description="held-out tokens to compare on; a 7B base on two cores takes minutes for 2,000",
    )
    merged: Literal["auto", "yes", "no"] = Field(
        "auto",
        title="Merged rung",
        description="also compare the merged model, made for it and deleted: auto = for bases "
        "of at most 2 GB, since merging and quantizing 7B takes ten minutes a layer",
    )
    f16_kl: float = Field(1e-3, gt=0, title="KL limit", description="mean KL at F16, nats a token")
    f16_agreement: float = Field(
        0.99, gt=0, le=1, title="Agreement limit", description="share of equal first choices at F16"
    )
    quantized_loss: float | None = Field(
        None,
        gt=0,
        title="Loss limit",
        description="relative change of the held-out loss at Q4_K_M, in either direction; none = "
        "0.03, and 0.1 for bases of at most 2 GB, whose narrow matrices lose more to rounding",
    )


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
        "level2",
        title="Profile",
        description="level1, level2, level3, demo, or a Training profile block of another name",
    )
    overrides: dict[str, Any] = Field(
        default={},
        title="Overrides",
        description='single values of the profile, such as {"epochs": 5, "rank": 32}',
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
    candidates: bool = Field(
        default=False,
        title="Candidates",
        description="ask versions that wait for their verdict, on a server started for the run",
    )
    max_tokens: AnswerTokens = 64


class WatchPdfs(BaseModel):
    """New PDFs are announced once they are whole."""

    model_config = ConfigDict(extra="forbid")

    settle_s: float = Field(
        30.0,
        ge=0,
        le=3600,
        title="Settle window",
        description="a file that did not change for so many seconds is whole",
    )
    patience_s: float = Field(
        600.0,
        ge=0,
        title="Patience",
        description="seconds that whole files wait for others that still grow",
    )


class PublishLayers(BaseModel):
    """Layers that were trained elsewhere: fetched, checked, asked, and promoted or held."""

    model_config = ConfigDict(extra="forbid")

    layers: list[str] = Field(
        default=[],
        title="Layers",
        description="layers to fetch from the depot; none = all that are new there",
    )
    promote: list[Literal["better", "unclear"]] = Field(
        default=["better"],
        title="Promote when",
        description="verdicts with which a version takes the served one's place",
    )
    again: bool = Field(
        default=False,
        title="Again",
        description="judge versions that were decided upon before, too",
    )
    max_tokens: AnswerTokens = 64


class Rollback(BaseModel):
    """The version that served before takes a layer's place again."""

    model_config = ConfigDict(extra="forbid")

    layer: str = Field(title="Layer", description="the layer whose served version is taken back")


class CollectGarbage(BaseModel):
    """What nothing needs any more is removed from this pod's store."""

    model_config = ConfigDict(extra="forbid")

    keep: int = Field(
        3,
        ge=1,
        le=1000,
        title="Versions",
        description="versions of a layer that stay, the served one among them, for going back",
    )
    grace_days: float = Field(
        7.0,
        ge=0,
        le=3650,
        title="Grace",
        description="days that an artifact stays after its last use; 0 = also what a flow that "
        "runs now has just made",
    )
    dry_run: bool = Field(
        default=False, title="Only look", description="say what would be removed, remove nothing"
    )


class MergeAndConvert(BaseModel):
    """Trained levels or layers, merged into the base, converted to GGUF and quantized."""

    model_config = ConfigDict(extra="forbid")

    merge: list[str] = Field(
        default=[],
        title="Merge",
        description="levels or layers to merge; none = the level with the best held-out loss",
    )


class Demo(BaseModel):
    """The main job on the embedded base and the sample handbooks."""

    model_config = ConfigDict(extra="forbid")

    prove_cache: bool = Field(
        default=False,
        title="Prove the cache",
        description="afterwards run again unchanged, and again with one PDF added to one topic",
    )
