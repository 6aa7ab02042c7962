"""Records looked up by blend and topic. Pure."""

from collections.abc import Iterable, Sequence
from statistics import fmean

from lamina.assessment.cells.measured import Proves
from lamina.assessment.report.records import AnswerRecord, AnyRecord, ChoiceRecord, LossRecord


class Table:
    """All measurements of one run."""

    def __init__(self, records: Iterable[AnyRecord]) -> None:
        self._answers: dict[tuple[str, str], dict[tuple[str, str], AnswerRecord]] = {}
        self._choices: dict[tuple[str, str], dict[str, ChoiceRecord]] = {}
        self._losses: dict[tuple[str, str], dict[str, LossRecord]] = {}
        topics: dict[str, None] = {}
        blends: dict[str, None] = {}
        for record in records:
            topics[record.topic] = blends[record.blend] = None
            place = (record.blend, record.topic)
            if isinstance(record, AnswerRecord):
                key = (record.question, record.reference)
                self._answers.setdefault(place, {})[key] = record
            elif isinstance(record, ChoiceRecord):
                self._choices.setdefault(place, {})[record.item] = record
            elif isinstance(record, LossRecord):
                self._losses.setdefault(place, {})[record.row] = record
        self.topics = tuple(topics)
        self.blends = tuple(blends)

    def answers(
        self, blend: str, topics: Sequence[str] | None = None, proves: Proves | None = None
    ) -> list[AnswerRecord]:
        """A blend's answers on these topics (default: all), in the order of asking."""
        places = [(blend, topic) for topic in (self.topics if topics is None else topics)]
        found = [record for place in places for record in self._answers.get(place, {}).values()]
        return [record for record in found if proves in {None, record.proves}]

    def choices(
        self, blend: str, topics: Sequence[str], proves: Proves = "knows"
    ) -> list[ChoiceRecord]:
        """Questions of these topics whose right answer a blend had beside others."""
        places = [(blend, topic) for topic in topics]
        found = [record for place in places for record in self._choices.get(place, {}).values()]
        return [record for record in found if record.proves == proves]

    def losses(self, blend: str, topics: Sequence[str]) -> list[LossRecord]:
        """All held-out rows scored under a blend on these topics."""
        places = [(blend, topic) for topic in topics]
        return [record for place in places for record in self._losses.get(place, {}).values()]

    def correct(self, blend: str, topics: Sequence[str], proves: Proves = "knows") -> float | None:
        """Share of right answers; None where nothing was asked."""
        return _mean([record.correct for record in self.answers(blend, topics, proves)])

    def loss(self, blend: str, topics: Sequence[str]) -> float | None:
        """Held-out loss in nats per token, each token counting once; None without rows."""
        rows = self.losses(blend, topics)
        n_tokens = sum(row.n_tokens for row in rows)
        return sum(row.loss * row.n_tokens for row in rows) / n_tokens if n_tokens else None


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
