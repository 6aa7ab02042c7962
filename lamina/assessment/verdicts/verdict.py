"""What is said of a layer: one word, one sentence, and the comparisons behind them."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.cells.measured import Kind

Place = Literal["home", "serving", "elsewhere"]


class Word(StrEnum):
    """The verdict in a word. Only `promoted` lets a version serve; all others hold it."""

    PROMOTED = "promoted"
    WORSE = "worse"
    HARMFUL = "harmful elsewhere"
    UNCLEAR = "unclear"
    TOO_LITTLE = "too little evidence"
    NO_EFFECT = "no effect"


class Comparison(BaseModel):
    """A mean difference between a layer and what it is held against; above nought is better."""

    model_config = ConfigDict(frozen=True)

    place: Place = Field(description="its own topics, the version that serves there, or elsewhere")
    name: str = Field(description="where, in words")
    kind: Kind
    n: int = Field(description="items")
    documents: int
    value: float = Field(description="D and T: nats per token; G: share, 0 to 1")
    low: float
    high: float
    bar: float = Field(description="what the lower end of the interval must exceed")


class Enough(BaseModel):
    """The least evidence with which a gain like the one seen would show, four times of five."""

    model_config = ConfigDict(frozen=True)

    n: int = Field(description="questions, or rows of test text")
    documents: int


class Inferred(BaseModel):
    """The gain in D on questions about documents that a layer was not trained on (transfer)."""

    model_config = ConfigDict(frozen=True)

    n: int = Field(description="questions")
    documents: int
    value: float = Field(description="nats per token")
    low: float | None = Field(description="None of a single document, which says nothing of others")
    high: float | None


class Verdict(BaseModel):
    """What became of a candidate, why, and what to do."""

    model_config = ConfigDict(frozen=True)

    name: str
    topics: tuple[str, ...] = Field(description="its own topics")
    word: Word
    kind: Kind | None = Field(description="the measure that decides; None = none could")
    n: int = Field(description="items of its own topics by that measure")
    documents: int = Field(description="that these come from")
    unplaced: int = Field(
        0, description="questions of these whose document nobody knows: they count as of one"
    )
    inferred: Inferred | None = Field(
        None, description="reported beside it: what it gained where it cannot know, in D"
    )
    gain: Comparison | None = Field(description="over the base (T: over the other layers)")
    beyond: Comparison | None = Field(
        None, description="in D: the lead over other topics' layers on the same questions"
    )
    confidence: float = Field(description="of each end of the gain's interval")
    comparisons: tuple[Comparison, ...] = Field(description="all others that counted")
    enough: Enough | None = None
    seen: str = Field(description="what was measured, in words")
    why: str = Field(description="why it is held; empty where it is promoted")
    remedy: str = Field(description="what to do; empty where it is promoted")

    @property
    def promoted(self) -> bool:
        """Whether it may serve."""
        return self.word is Word.PROMOTED

    @property
    def open(self) -> tuple[Comparison, ...]:
        """Comparisons in which a loss beyond the margin is not excluded: more items may do so."""
        return tuple(one for one in self.comparisons if one.low <= one.bar)

    @property
    def sentence(self) -> str:
        """All of it, for a list of verdicts."""
        return self._told(self.why, self.seen, self.remedy)

    @property
    def brief(self) -> str:
        """Why and what to do, for a terminal; of a promotion the gain alone."""
        return self._told(self.why or f"{self.seen.partition(';')[0]}.", self.remedy)

    def _told(self, *parts: str) -> str:
        head = f"{self.name}: {'promoted' if self.promoted else 'held'}."
        return " ".join(filter(None, (head, *parts)))
