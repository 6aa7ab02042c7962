"""Records looked up by blend and topic. Pure."""

from collections.abc import Hashable, Iterable, Sequence
from statistics import fmean
from typing import TypeVar

from lamina.assessment.cells.measured import Proves
from lamina.assessment.report.records import AnswerRecord, AnyRecord, ChoiceRecord, LossRecord

R = TypeVar("R", AnswerRecord, ChoiceRecord, LossRecord)


class Table:
    """All measurements of one run."""

    def __init__(self, records: Iterable[AnyRecord]) -> None:
        self._by: dict[tuple[type, str, str], dict[Hashable, AnyRecord]] = {}
        topics: dict[str, None] = {}
        blends: dict[str, None] = {}
        for record in records:
            topics[record.topic] = blends[record.blend] = None
            place = (type(record), record.blend, record.topic)
            self._by.setdefault(place, {})[key_of(record)] = record
        self.topics = tuple(topics)
        self.blends = tuple(blends)

    def answers(
        self, blend: str, topics: Sequence[str] | None = None, proves: Proves | None = None
    ) -> list[AnswerRecord]:
        """A blend's answers on these topics (default: all), in the order of asking."""
        found = self._found(AnswerRecord, blend, self.topics if topics is None else topics)
        return [record for record in found if proves in {None, record.proves}]

    def choices(
        self, blend: str, topics: Sequence[str], proves: Proves = "knows"
    ) -> list[ChoiceRecord]:
        """Questions of these topics whose right answer a blend had beside others."""
        found = self._found(ChoiceRecord, blend, topics)
        return [record for record in found if record.proves == proves]

    def losses(self, blend: str, topics: Sequence[str]) -> list[LossRecord]:
        """All held-out rows scored under a blend on these topics."""
        return self._found(LossRecord, blend, topics)

    def correct(self, blend: str, topics: Sequence[str], proves: Proves = "knows") -> float | None:
        """Share of right answers; None where nothing was asked."""
        return mean(record.correct for record in self.answers(blend, topics, proves))

    def loss(self, blend: str, topics: Sequence[str]) -> float | None:
        """Held-out loss in nats per token, each token counting once; None without rows."""
        rows = self.losses(blend, topics)
        n_tokens = sum(row.n_tokens for row in rows)
        return sum(row.loss * row.n_tokens for row in rows) / n_tokens if n_tokens else None

    def _found(self, kind: type[R], blend: str, topics: Sequence[str]) -> list[R]:
        places = ((kind, blend, topic) for topic in topics)
        found = (record for place in places for record in self._by.get(place, {}).values())
        return [record for record in found if isinstance(record, kind)]


def key_of(record: AnyRecord) -> Hashable:
    """What is the same under every blend: the question with its reference, the item, the row."""
    match record:
        case AnswerRecord():
            return record.question, record.reference
        case ChoiceRecord():
            return record.item
    return record.row


def mean(values: Iterable[float | None]) -> float | None:
    """Of those that are known; None where none is."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
