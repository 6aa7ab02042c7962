"""What a candidate is judged by: differences with their bounds, and who it is held against."""

from dataclasses import dataclass

from lamina.assessment.cells.measured import Kind
from lamina.assessment.verdicts.evidence import Estimate
from lamina.assessment.verdicts.verdict import Comparison, Inferred, Place


@dataclass(frozen=True)
class Case:
    """Who is judged, against whom: names of subjects."""

    candidate: str
    topics: tuple[str, ...]  # its own
    base: str = "base"
    serving: str | None = None  # the version whose place it would take
    others: tuple[str, ...] = ()  # layers of other topics


@dataclass(frozen=True)
class Finding:
    """One difference, above nought where the candidate is better, and the margin that counts.

    Where there are two estimates of it, both must show what is claimed.
    """

    place: Place
    name: str
    kind: Kind
    margin: float
    estimates: tuple[Estimate, ...]  # the first counts documents

    @property
    def documents(self) -> Estimate:
        """The estimate over documents."""
        return self.estimates[0]

    def low(self, level: float) -> float:
        """Lower end of the interval."""
        return min(float(one.low(level)) for one in self.estimates)

    def high(self, level: float) -> float:
        """Upper end of the interval."""
        return max(float(one.high(level)) for one in self.estimates)

    def p_gain(self) -> float:
        """Chance of this where there is no gain beyond the margin."""
        return max(float(one.p_above(self.margin)) for one in self.estimates)

    def harmed(self, level: float) -> bool:
        """Surely worse by more than the margin."""
        return self.high(level) < -self.margin

    def lost(self, level: float) -> bool:
        """Surely worse, and not surely within the margin."""
        return self.high(level) < 0 and not self.safe(level)

    def safe(self, level: float) -> bool:
        """Surely not worse by more than the margin."""
        return self.low(level) > -self.margin

    def small(self, level: float) -> bool:
        """Surely too small to matter, in either direction."""
        return self.safe(level) and self.high(level) < self.margin

    def compared(self, level: float) -> Comparison:
        """In figures, with the interval at this level for either end."""
        return Comparison(
            place=self.place,
            name=self.name,
            kind=self.kind,
            n=self.documents.n,
            documents=self.documents.groups,
            value=float(self.documents.value),
            low=self.low(level),
            high=self.high(level),
            bar=self.margin if self.place == "home" else -self.margin,
        )


@dataclass(frozen=True)
class Findings:
    """Everything that the rule looks at."""

    case: Case
    same: bool  # every value is the base's
    alone: bool  # there is test text at home, and no two other layers to read it beside it
    kind: Kind | None  # the measure that decides: by how much there is of it, not by how it is
    spoken: Kind  # the measure that is spoken of: that one, or the one that comes nearest
    n: int  # items at home by the measure spoken of
    documents: int
    unplaced: int  # questions whose document nobody knows: they count as of one
    inferred: Inferred | None  # the gain where it cannot know; reported, and never decisive
    home: Finding | None  # the gain in it; None where fewer than two documents tell
    beyond: Finding | None  # in D: the lead over the other layers; None with too few of them
    answers: Finding | None  # generated answers at home: they may hold a layer, never promote it
    serving: Finding | None
    elsewhere: tuple[Finding, ...]  # pooled, from documents enough
    spots: tuple[Finding, ...]  # each other topic by itself

    def p_gain(self) -> float:
        """Chance of all this where there is no gain that is the layer's own."""
        return max((one.p_gain() for one in (self.home, self.beyond) if one), default=1.0)
