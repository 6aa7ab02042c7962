"""Records looked up by blend and topic, and paired question by question. Pure."""

from collections.abc import Iterable, Sequence
from statistics import fmean

from lamina.assessment.records import AnswerRecord, AnyRecord, LossRecord


class Table:
    """All measurements of one run. What was not measured under both sides makes no pair."""

    def __init__(self, records: Iterable[AnyRecord]) -> None:
        self._answers: dict[tuple[str, str], dict[tuple[str, str], AnswerRecord]] = {}
        self._losses: dict[tuple[str, str], dict[str, LossRecord]] = {}
        topics: dict[str, None] = {}
        blends: dict[str, None] = {}
        for record in records:
            topics[record.topic] = blends[record.blend] = None
            place = (record.blend, record.topic)
            if isinstance(record, AnswerRecord):
                key = (record.question, record.reference)
                self._answers.setdefault(place, {})[key] = record
            elif isinstance(record, LossRecord):
                self._losses.setdefault(place, {})[record.row] = record
        self.topics = tuple(topics)
        self.blends = tuple(blends)

    def answers(self, blend: str, topics: Sequence[str] | None = None) -> list[AnswerRecord]:
        """All answers of a blend on these topics (default: all), in the order of asking."""
        places = [(blend, topic) for topic in (self.topics if topics is None else topics)]
        return [record for place in places for record in self._answers.get(place, {}).values()]

    def losses(self, blend: str, topics: Sequence[str]) -> list[LossRecord]:
        """All held-out rows scored under a blend on these topics."""
        places = [(blend, topic) for topic in topics]
        return [record for place in places for record in self._losses.get(place, {}).values()]

    def exact(self, blend: str, topics: Sequence[str]) -> float | None:
        """Share of exact answers; None where nothing was asked."""
        return _mean([record.exact for record in self.answers(blend, topics)])

    def f1(self, blend: str, topics: Sequence[str]) -> float | None:
        """Mean F1; None where nothing was asked."""
        return _mean([record.f1 for record in self.answers(blend, topics)])

    def loss(self, blend: str, topics: Sequence[str]) -> float | None:
        """Held-out loss in nats per token, each token counting once; None without rows."""
        rows = self.losses(blend, topics)
        n_tokens = sum(row.n_tokens for row in rows)
        return sum(row.loss * row.n_tokens for row in rows) / n_tokens if n_tokens else None

    def exact_pairs(self, blend: str, other: str, topics: Sequence[str]) -> list[tuple[bool, bool]]:
        """(right under blend, right under other), question by question."""
        return [(mine.exact, theirs.exact) for mine, theirs in self._pairs(blend, other, topics)]

    def f1_differences(self, blend: str, other: str, topics: Sequence[str]) -> list[float]:
        """F1 under blend less F1 under other, question by question."""
        return [mine.f1 - theirs.f1 for mine, theirs in self._pairs(blend, other, topics)]

    def text_pairs(self, blend: str, other: str) -> list[tuple[str, str]]:
        """(answer under blend, answer under other), over all topics."""
        return [
            (mine.answer, theirs.answer) for mine, theirs in self._pairs(blend, other, self.topics)
        ]

    def loss_pairs(
        self, blend: str, other: str, topics: Sequence[str]
    ) -> list[tuple[float, float, int]]:
        """(loss under blend, loss under other, tokens), held-out row by row."""
        pairs = []
        for topic in topics:
            theirs = self._losses.get((other, topic), {})
            for row, mine in self._losses.get((blend, topic), {}).items():
                if row in theirs:
                    pairs.append((mine.loss, theirs[row].loss, mine.n_tokens))
        return pairs

    def _pairs(
        self, blend: str, other: str, topics: Sequence[str]
    ) -> list[tuple[AnswerRecord, AnswerRecord]]:
        pairs = []
        for topic in topics:
            theirs = self._answers.get((other, topic), {})
            for key, mine in self._answers.get((blend, topic), {}).items():
                if key in theirs:
                    pairs.append((mine, theirs[key]))
        return pairs


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
