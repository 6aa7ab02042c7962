"""A candidate held against base, serving version and other layers, item by item. Pure.

An item counts where all sides of a comparison were measured on it. What a topic's layer cannot
know, since it was not trained on the document, is in no comparison that decides, whoever is judged.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TypeAlias

from lamina.assessment.cells.measured import Kind, Measured, Proves
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.verdicts.evidence import (
    Estimate,
    document_means,
    over_documents,
    over_layers,
)
from lamina.assessment.verdicts.findings import Case, Finding, Findings
from lamina.assessment.verdicts.verdict import Inferred, Place
from lamina.margins import Margins

SAME = 1e-6  # two computations of one model agree at least this well
OTHERS: dict[Kind, int] = {"D": 3, "T": 2}  # layers of other topics that give the measure at least
Values: TypeAlias = Mapping[str, Sequence[Measured]]  # subject to what it scored
_Key: TypeAlias = tuple[Kind, str, str]
_Items: TypeAlias = dict[_Key, Measured]

_HOME: dict[Kind, str] = {"D": "its own exam", "T": "its own test text", "G": "its own questions"}
_OTHERS: dict[Kind, str] = {
    "D": "other topics' exams",
    "T": "other topics' test text",
    "G": "other topics' questions",
}
_GENERAL: dict[Kind, str] = {
    "D": "general questions",
    "T": "general text",
    "G": "general questions",
}


def find(case: Case, values: Values, margins: Margins) -> Findings:
    """All the differences that count for a candidate."""
    sides = _Sides.of(case, values, margins)
    unseen = _Sides.of(case, values, margins, "transfer")
    at_home = {kind: sides.at_home(kind) for kind in ("D", "T")}
    documents = {kind: len({one.document for one in own}) for kind, own in at_home.items()}
    kind = _deciding(len(at_home["D"]), documents, margins)
    spoken: Kind = kind or ("T" if documents["T"] > documents["D"] else "D")
    return Findings(
        case=case,
        same=_same([*sides.gaps(), *unseen.gaps()]),
        alone=sides.alone(),
        kind=kind,
        spoken=spoken,
        n=len(at_home[spoken]),
        documents=documents[spoken],
        unplaced=sum(one.document == one.topic for one in at_home["D"]),
        inferred=unseen.inferred(),
        home=sides.home(spoken, at_home[spoken]),
        beyond=sides.ahead("D", at_home["D"]) if spoken == "D" else None,
        answers=sides.pooled(sides.base, "home", "G", case.topics, margins.harm("G")),
        serving=sides.pooled(sides.serving, "serving", spoken, case.topics, margins.loss(spoken)),
        elsewhere=tuple(sides.elsewhere()),
        spots=tuple(sides.spots()),
    )


def _deciding(questions: int, documents: Mapping[str, int], margins: Margins) -> Kind | None:
    if questions >= margins.questions and documents["D"] >= margins.documents:
        return "D"
    return "T" if documents["T"] >= margins.documents else None


@dataclass(frozen=True)
class _Sides:
    case: Case
    margins: Margins
    mine: _Items
    base: _Items
    serving: _Items
    others: tuple[_Items, ...]

    @classmethod
    def of(cls, case: Case, values: Values, margins: Margins, proves: Proves = "knows") -> "_Sides":
        def items(subject: str) -> _Items:
            return {_key(one): one for one in values.get(subject, ()) if one.proves == proves}

        serving = items(case.serving) if case.serving else {}
        others = tuple(items(other) for other in case.others)
        return cls(case, margins, items(case.candidate), items(case.base), serving, others)

    def gaps(self) -> list[float]:
        """How far each value is from the base's."""
        shared = [key for key in self.mine if key in self.base]
        return [self.mine[key].value - self.base[key].value for key in shared]

    def alone(self) -> bool:
        """Whether its own test text was read, and by fewer than two other layers."""
        text = [key for key, one in self.mine.items() if one.kind == "T"]
        own = [key for key in text if key[1] in self.case.topics and key in self.base]
        return bool(own) and not self.at_home("T")

    def at_home(self, kind: Kind) -> list[Measured]:
        """Items on which a gain at home can be seen; in T at least two others give the measure."""
        return [
            one
            for key, one in self.mine.items()
            if one.kind == kind
            and one.topic in self.case.topics
            and key in self.base
            and (kind != "T" or self._is_measured_by_others(one))
        ]

    def home(self, kind: Kind, own: Sequence[Measured]) -> Finding | None:
        """The gain over the base; in T over the other layers, whom style helps as well."""
        if kind != "D":
            return self.ahead(kind, own)
        return self.pooled(self.base, "home", kind, self.case.topics, self.margins.gain(kind))

    def ahead(self, kind: Kind, own: Sequence[Measured]) -> Finding | None:
        """The lead over the other layers, whom style and form help as well; None with too few.

        Any layer of reports makes all reports easier to read, and answers of the right form
        likelier, one more than the next. So a lead must show in new documents, and exceed what one
        more layer without knowledge may bring.
        """
        sign = -1 if kind == "T" else 1
        own = [one for one in own if self._is_measured_by_others(one)]
        gaps = [
            (one.document, sign * (one.value - self._mean_of_others(one)), one.weight)
            for one in own
        ]
        estimates = (over_documents(gaps, shares=False), self._over_others(own, sign))
        found = tuple(one for one in estimates if one is not None)
        margin = self.margins.gain(kind)
        return Finding("home", _HOME[kind], kind, margin, found) if len(found) > 1 else None

    def _is_measured_by_others(self, one: Measured) -> bool:
        return sum(_key(one) in other for other in self.others) >= OTHERS.get(one.kind, 0)

    def _mean_of_others(self, one: Measured) -> float:
        key = _key(one)
        return fmean(other[key].value for other in self.others if key in other)

    def _over_others(self, own: Sequence[Measured], sign: int) -> Estimate | None:
        """Each other layer held against it on the items that the two share."""
        gaps = []
        for other in self.others:
            shared = [
                (one.document, sign * (one.value - other[_key(one)].value), one.weight)
                for one in own
                if _key(one) in other
            ]
            if shared:
                gaps.append(fmean(document_means(shared)))
        return over_layers(gaps, n=len(own))

    def pooled(  # noqa: PLR0913, PLR0917 - place and measure, topics and margin
        self,
        theirs: _Items,
        place: Place,
        kind: Kind,
        topics: Sequence[str],
        margin: float,
        name: str = "",
    ) -> Finding | None:
        """The gain over another side, on some topics; None where fewer than two documents tell."""
        sign = -1 if kind == "T" else 1
        gains = [
            (one.document, sign * (one.value - theirs[key].value), one.weight)
            for key, one in self.mine.items()
            if one.kind == kind and one.topic in topics and key in theirs
        ]
        found = over_documents(gains, shares=kind == "G")
        return Finding(place, name or _HOME[kind], kind, margin, (found,)) if found else None

    def inferred(self) -> Inferred | None:
        """The gain in D at home, where the sides are what the layer cannot know."""
        own = self.at_home("D")
        if not own:
            return None
        gains = [(one.document, one.value - self.base[_key(one)].value, one.weight) for one in own]
        means = document_means(gains)
        found = over_documents(gains, shares=False)
        level = self.margins.level
        return Inferred(
            n=len(own),
            documents=len(means),
            value=fmean(means),
            low=float(found.low(level)) if found else None,
            high=float(found.high(level)) if found else None,
        )

    def elsewhere(self) -> Iterator[Finding]:
        """The other topics at once, and what no layer is about, by each measure there is."""
        others = [topic for topic in self._away() if topic != GENERAL]
        for names, topics in ((_OTHERS, others), (_GENERAL, [GENERAL])):
            for found in self._harms(names, topics):
                if found.documents.groups >= self.margins.documents:
                    yield found

    def spots(self) -> Iterator[Finding]:
        """Each other topic by itself."""
        for topic in self._away():
            yield from self._harms(dict.fromkeys(_HOME, topic), [topic])

    def _harms(self, names: Mapping[Kind, str], topics: Sequence[str]) -> Iterator[Finding]:
        for kind, name in names.items():
            margin = self.margins.harm(kind)
            if found := self.pooled(self.base, "elsewhere", kind, topics, margin, name):
                yield found

    def _away(self) -> Iterable[str]:
        return sorted({one.topic for one in self.mine.values()} - set(self.case.topics))


def _same(gaps: Sequence[float]) -> bool:
    """Whether everything is as under the base."""
    return bool(gaps) and all(abs(gap) <= SAME for gap in gaps)


def _key(one: Measured) -> _Key:
    return one.kind, one.topic, one.item
