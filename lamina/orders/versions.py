"""Asking what versions of layers are worth: questions, promotion, and the way back."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lamina.summary import listed

AnswerTokens = Annotated[
    int, Field(ge=1, le=4096, title="Answer length", description="longest answer, in tokens")
]


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
        description="address of the layer server, which gets no key; "
        "none = the pod's own, started if it is not up",
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
    auto: bool = Field(
        default=True,
        title="Auto",
        description="ask, too, whom the server finds for each question by what is asked",
    )
    max_tokens: AnswerTokens = 64
    against: str | None = Field(
        None,
        title="Against",
        description="another report on this pod, by its folder: what changed is told",
    )

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return f"ask {listed([*self.layers, *self.blends]) or 'every layer'}"


class PublishLayers(BaseModel):
    """Layers that were trained elsewhere: fetched, checked, asked, and promoted or held."""

    model_config = ConfigDict(extra="forbid")

    layers: list[str] = Field(
        default=[],
        title="Layers",
        description="layers to fetch from the depot; none = all that are new there",
    )
    promote: list[Literal["promoted", "unclear", "too little evidence"]] = Field(
        default=["promoted"],
        title="Promote when",
        description="verdicts with which a version takes the served one's place",
    )
    again: bool = Field(
        default=False,
        title="Again",
        description="judge versions that were decided upon before, too",
    )
    max_tokens: AnswerTokens = 64

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return f"publish {listed(self.layers) or 'what is new'}"

    def called(self, found: Sequence[str]) -> str:
        """The name of a run, once it is known what there is to judge."""
        return f"publish {listed(found) or 'nothing: no layer is new'}"

    def told(self, rows: Sequence[Mapping[str, str]]) -> str:
        """What came of it: the decisions, each with why."""
        if len(rows) == 1:
            return f"{rows[0]['decision']}: {rows[0]['why']}"
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["decision"], []).append(row["layer"])
        told = [f"{what}: {listed(found[what])}" for what in sorted(found, reverse=True)]
        return "; ".join(told) or "no layer is new"


class ApproveLayer(BaseModel):
    """A person is asked whether a version of a layer may serve."""

    model_config = ConfigDict(extra="forbid")

    layer: str = Field(title="Layer", description="the layer that waits")
    version: str = Field(title="Version", description="beginning of its digest")
    why: str = Field("", title="Verdict", description="what was measured, in a sentence")
    report: str = Field("", title="Report", description="where all of it stands")


class Rollback(BaseModel):
    """The version that served before takes a layer's place again."""

    model_config = ConfigDict(extra="forbid")

    layer: str = Field(title="Layer", description="the layer whose served version is taken back")

    @property
    def title(self) -> str:
        """What it asks for, as the name of a run."""
        return f"roll {self.layer} back"
