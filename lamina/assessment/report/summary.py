"""What a run's records come to: `summary.json`, and what the report and the terminal show. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.exam.blend import AUTO, BASE, parse_blend
from lamina.assessment.report.auto import Auto, auto_of
from lamina.assessment.report.cell import Cell, cell_of
from lamina.assessment.report.exam import Exam, exam_of
from lamina.assessment.report.records import AnyRecord
from lamina.assessment.report.speed import Speed, speed
from lamina.assessment.report.table import Table, mean
from lamina.assessment.report.trend import Point, Trend, trend
from lamina.assessment.report.worth import Worth, weigh
from lamina.margins import Margins


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

    made: datetime | None = None
    base: str = Field("", description="the base's name, as its server gives it")
    exam: Exam = Exam()
    facts: dict[str, str] = Field(description="what was measured, where and how, in words")
    topics: tuple[str, ...]
    blends: tuple[str, ...] = Field(description="in order: base, layers, blends")
    headline: Headline
    worths: tuple[Worth, ...]
    cells: tuple[Cell, ...]
    speeds: tuple[Speed, ...]
    layers: dict[str, str] = Field({}, description="sha256 of each layer's file, by name")
    auto: Auto | None = Field(None, description="whom the server finds; None = not asked")
    trend: dict[str, tuple[Point, ...]] = Field(
        {}, description="layers of which earlier versions were measured: all, the oldest first"
    )

    def cell(self, blend: str, topic: str) -> Cell | None:
        """The cell of a blend and a topic."""
        found = (cell for cell in self.cells if (cell.blend, cell.topic) == (blend, topic))
        return next(found, None)

    def worth(self, name: str) -> Worth | None:
        """What was said of a layer or blend; None for the base."""
        return next((worth for worth in self.worths if worth.name == name), None)


def summarise(  # noqa: PLR0913 - keyword-only: what a run knows beside its records
    records: Iterable[AnyRecord],
    *,
    facts: dict[str, str],
    margins: Margins | None = None,
    judged: Sequence[str] = (),
    made: datetime | None = None,
    base: str = "",
    files: Mapping[str, str] | None = None,
    earlier: Trend | None = None,
) -> Summary:
    """Cells, verdicts, speeds and the headline of one run; `judged` none = all but the base.

    `files` are the digests of the layers' files.
    """
    records, chosen = list(records), margins or Margins()
    table = Table(records)
    blends = _in_order(table)
    candidates = judged or [blend for blend in blends if blend != BASE]
    layers = [name for name in candidates if len(parse_blend(name).parts) == 1]
    mixed = [name for name in candidates if name not in layers]  # no candidates: a batch apart
    worths = [one for batch in (layers, mixed) for one in weigh(records, batch, chosen)]
    speeds = (speed(blend, table.answers(blend)) for blend in blends)
    files = dict(files or {})
    now = {
        worth.name: Point.of(worth, version=files[worth.name], file=files[worth.name], when=made)
        for worth in worths
        if worth.name in files
    }
    return Summary(
        made=made,
        base=base,
        exam=exam_of(records),
        facts=facts,
        topics=table.topics,
        blends=blends,
        headline=headline(worths),
        worths=tuple(worths),
        cells=tuple(cell_of(table, blend, topic) for blend in blends for topic in table.topics),
        speeds=tuple(one for one in speeds if one is not None),
        layers=files,
        auto=auto_of(table, chosen.level),
        trend=trend(earlier or {}, now),
    )


def headline(worths: Sequence[Worth]) -> Headline:
    """Means over the layers whose own topic bears their name."""
    own = [worth for worth in worths if worth.topics == (worth.name,)]
    return Headline(
        layers=len(own),
        correct=mean(worth.correct for worth in own),
        correct_base=mean(worth.correct_base for worth in own),
        correct_others=mean(worth.correct_others for worth in own),
        correct_unseen=mean(worth.correct_unseen for worth in own),
        correct_unseen_base=mean(worth.correct_unseen_base for worth in own),
        loss=mean(worth.loss for worth in own),
        loss_base=mean(worth.loss_base for worth in own),
    )


def _in_order(table: Table) -> tuple[str, ...]:
    """The base, then layers in their topics' order, then the rest as asked; `auto` is no layer."""
    first = [BASE, *table.topics]
    names = [name for name in first if name in table.blends]
    return (*names, *(name for name in table.blends if name not in {*first, AUTO}))


def _less(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other
