"""What the versions of a layer came to, one after the other. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.report.worth import Worth

_SHOWN = 12  # signs of a digest


class Point(BaseModel):
    """One version of a layer, as it was measured last."""

    model_config = ConfigDict(frozen=True)

    version: str = Field(description="beginning of the digest that `lamina versions` shows")
    file: str = Field("", description="sha256 of the layer's file; empty = not known")
    when: datetime | None
    word: str = Field(description="the verdict in a word")
    decision: str = Field("", description="what became of it: promote, hold, ...")
    n: int = Field(description="questions or rows that decided")
    correct: float | None = Field(description="share of right answers on its own topics")
    d: float | None = Field(description="D over the base's there, nats per token")
    loss: float | None = Field(description="held-out loss there, nats per token")

    @classmethod
    def of(cls, worth: Worth, *, version: str, file: str = "", when: datetime | None) -> Self:
        """What a report says of a version."""
        gain = worth.compared("home", "D")
        return cls(
            version=version[:_SHOWN],
            file=file,
            when=when,
            word=str(worth.verdict.word),
            n=worth.verdict.n,
            correct=worth.correct,
            d=gain.value if gain else None,
            loss=worth.loss,
        )


Trend: TypeAlias = Mapping[str, Sequence[Point]]  # by layer, the oldest version first


def trend(earlier: Trend, now: Mapping[str, Point]) -> dict[str, tuple[Point, ...]]:
    """Earlier versions and the one at hand, for layers that have both; no version twice."""
    joined = {}
    for layer, point in now.items():
        others = [one for one in earlier.get(layer, ()) if not one.file or one.file != point.file]
        if others:
            joined[layer] = (*others, point)
    return joined
