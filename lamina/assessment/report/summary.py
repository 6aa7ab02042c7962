"""What a run's records come to: `summary.json`, and what the report and the terminal show. Pure."""

from collections.abc import Iterable, Sequence
from statistics import fmean, median

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.exam.blend import BASE, parse_blend
from lamina.assessment.report.records import AnswerRecord, AnyRecord
from lamina.assessment.report.table import Table
from lamina.assessment.report.worth import Worth, weigh
from lamina.margins import Margins


class Cell(BaseModel):
    """One blend on one topic. Shares are 0 to 1; loss is in nats per token."""

    model_config = ConfigDict(frozen=True)

    blend: str
    topic: str
    n: int = Field(description="questions about documents that the topic's layer was trained on")
    correct: float | None
    contains: float | None
    n_unseen: int = Field(0, description="questions about others; no other figure counts them")
    correct_unseen: float | None = None
    loss: float | None
    loss_tokens: int


class Speed(BaseModel):
    """How fast answers came under one blend, over all questions."""

    model_config = ConfigDict(frozen=True)

    blend: str
    n: int
    first_token_s_p50: float
    first_token_s_p95: float
    total_s_p50: float
    total_s_p95: float
    tokens_per_s: float | None = Field(description="median over the answers")


class Headline(BaseModel):
    """Means over the layers that have a topic of their own; shares are 0 to 1."""

    model_config = ConfigDict(frozen=True)

    layers: int
    correct: float | None = Field(description="layers on their own topics")
    correct_base: float | None = Field(description="the base on the same topics")
    correct_others: float | None = Field(description="the other topics' layers on the same topics")
    correct_unseen: float | None = Field(
        None, description="layers on documents of their topics that they were not trained on"
    )
    correct_unseen_base: float | None = Field(None, description="the base on these")
    loss: float | None
    loss_base: float | None

    @property
    def gain_over_base(self) -> float | None:
        """In share of right answers."""
        return _less(self.correct, self.correct_base)

    @property
    def gain_over_others(self) -> float | None:
        """In share of right answers."""
        return _less(self.correct, self.correct_others)

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        count = f"{self.layers} layer{'' if self.layers == 1 else 's'}"
        if not self.layers:
            return "No layer has a topic of its own here; what was measured stands below."
        if self.correct is None or self.correct_base is None:
            return f"{count}: held-out loss only, since there are no questions."
        text = (
            f"On {'its' if self.layers == 1 else 'their'} own topics, {count} answered "
            f"{self.correct:.0%} of the questions correctly, the base {self.correct_base:.0%}"
        )
        if self.correct_others is not None:
            text += f", and the other topics' layers {self.correct_others:.0%}"
        if self.correct_unseen is None or self.correct_unseen_base is None:
            return text + "."
        return (
            f"{text}. About documents that they were not trained on, and cannot know, they "
            f"answered {self.correct_unseen:.0%}, the base {self.correct_unseen_base:.0%}."
        )


class Summary(BaseModel):
    """The whole run in figures."""

    model_config = ConfigDict(frozen=True)

    facts: dict[str, str] = Field(description="what was measured, where and how, in words")
    topics: tuple[str, ...]
    blends: tuple[str, ...] = Field(description="in order: base, layers, blends")
    headline: Headline
    worths: tuple[Worth, ...]
    cells: tuple[Cell, ...]
    speeds: tuple[Speed, ...]

    def cell(self, blend: str, topic: str) -> Cell | None:
        """The cell of a blend and a topic."""
        found = (cell for cell in self.cells if (cell.blend, cell.topic) == (blend, topic))
        return next(found, None)

    def worth(self, name: str) -> Worth | None:
        """What was said of a layer or blend; None for the base."""
        return next((worth for worth in self.worths if worth.name == name), None)


def summarise(
    records: Iterable[AnyRecord],
    *,
    facts: dict[str, str],
    margins: Margins | None = None,
    judged: Sequence[str] = (),
) -> Summary:
    """Cells, verdicts, speeds and the headline of one run; `judged` none = all but the base."""
    records, chosen = list(records), margins or Margins()
    table = Table(records)
    blends = _in_order(table)
    candidates = judged or [blend for blend in blends if blend != BASE]
    layers = [name for name in candidates if len(parse_blend(name).parts) == 1]
    mixed = [name for name in candidates if name not in layers]  # no candidates: a batch apart
    worths = [one for batch in (layers, mixed) for one in weigh(records, batch, chosen)]
    speeds = (_speed(blend, table.answers(blend)) for blend in blends)
    return Summary(
        facts=facts,
        topics=table.topics,
        blends=blends,
        headline=headline(worths),
        worths=tuple(worths),
        cells=tuple(_cell(table, blend, topic) for blend in blends for topic in table.topics),
        speeds=tuple(speed for speed in speeds if speed is not None),
    )


def headline(worths: Sequence[Worth]) -> Headline:
    """Means over the layers whose own topic bears their name."""
    own = [worth for worth in worths if worth.topics == (worth.name,)]
    return Headline(
        layers=len(own),
        correct=_mean(worth.correct for worth in own),
        correct_base=_mean(worth.correct_base for worth in own),
        correct_others=_mean(worth.correct_others for worth in own),
        correct_unseen=_mean(worth.correct_unseen for worth in own),
        correct_unseen_base=_mean(worth.correct_unseen_base for worth in own),
        loss=_mean(worth.loss for worth in own),
        loss_base=_mean(worth.loss_base for worth in own),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie, linear between neighbours.

    Hyndman and Fan 1996, "Sample quantiles in statistical packages", definition 7.
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _in_order(table: Table) -> tuple[str, ...]:
    """The base, then layers in their topics' order, then the rest as asked."""
    first = [BASE, *table.topics]
    names = [name for name in first if name in table.blends]
    return (*names, *(name for name in table.blends if name not in first))


def _cell(table: Table, blend: str, topic: str) -> Cell:
    answers = table.answers(blend, (topic,), "knows")
    return Cell(
        blend=blend,
        topic=topic,
        n=len(answers),
        correct=table.correct(blend, (topic,)),
        contains=_mean(answer.contains for answer in answers),
        n_unseen=len(table.answers(blend, (topic,), "transfer")),
        correct_unseen=table.correct(blend, (topic,), "transfer"),
        loss=table.loss(blend, (topic,)),
        loss_tokens=sum(row.n_tokens for row in table.losses(blend, (topic,))),
    )


def _speed(blend: str, answers: Sequence[AnswerRecord]) -> Speed | None:
    if not answers:
        return None
    first = [answer.first_token_s for answer in answers]
    total = [answer.total_s for answer in answers]
    rates = [answer.tokens_per_s for answer in answers if answer.tokens_per_s is not None]
    return Speed(
        blend=blend,
        n=len(answers),
        first_token_s_p50=percentile(first, 0.5),
        first_token_s_p95=percentile(first, 0.95),
        total_s_p50=percentile(total, 0.5),
        total_s_p95=percentile(total, 0.95),
        tokens_per_s=median(rates) if rates else None,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _less(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other
