"""What each layer and blend is worth: its verdict, and the figures shown beside it. Pure."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.cells.measured import Measured
from lamina.assessment.exam.blend import BASE, own_topics, parse_blend, serving_name
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.report.records import AnyRecord, ChoiceRecord, LossRecord
from lamina.assessment.report.table import Table, mean
from lamina.assessment.verdicts.findings import Case
from lamina.assessment.verdicts.rule import judge
from lamina.assessment.verdicts.verdict import Comparison, Verdict
from lamina.margins import Margins


class Worth(BaseModel):
    """What one layer or blend is worth. Shares are 0 to 1, losses nats per token.

    The figures are means over items; what they prove stands in the verdict alone.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    topics: tuple[str, ...] = Field(description="its own topics")
    verdict: Verdict
    correct: float | None = Field(
        description="share of right answers on its own topics, about documents that it can know"
    )
    correct_base: float | None = Field(description="the base's share on the same questions")
    correct_others: float | None = Field(description="mean share of the other topics' layers there")
    correct_unseen: float | None = Field(
        None, description="its share on questions about documents that it was not trained on"
    )
    correct_unseen_base: float | None = None
    loss: float | None = Field(description="held-out loss on its own topics")
    loss_base: float | None

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        return self.verdict.sentence

    def compared(self, place: str, kind: str) -> Comparison | None:
        """One of the verdict's comparisons."""
        found = (self.verdict.gain, *self.verdict.comparisons)
        return next((one for one in found if one and (one.place, one.kind) == (place, kind)), None)


def weigh(
    records: Iterable[AnyRecord], candidates: Sequence[str], margins: Margins
) -> tuple[Worth, ...]:
    """The worth of each candidate (a layer's name, or a blend's), judged as one batch."""
    records = list(records)
    table = Table(records)
    cases = [_case(table, name) for name in candidates]
    verdicts = judge(cases, measured(records), margins)
    return tuple(_worth(table, *one) for one in zip(cases, verdicts, strict=True))


def measured(records: Iterable[AnyRecord]) -> dict[str, list[Measured]]:
    """What each subject scored. Questions whose document nobody knows count as of one."""
    found: dict[str, list[Measured]] = {}
    for one in records:
        document = one.document or one.topic
        if isinstance(one, LossRecord):
            weight = float(max(1, one.n_tokens))
            scored = Measured(one.row, document, one.topic, "T", one.loss, weight=weight)
        else:
            if one.topic == GENERAL:
                document = one.item
            if isinstance(one, ChoiceRecord):
                scored = Measured(one.item, document, one.topic, "D", one.margin, one.proves)
            else:
                right = float(one.correct)
                scored = Measured(one.item, document, one.topic, "G", right, one.proves)
        found.setdefault(one.blend, []).append(scored)
    return found


def _case(table: Table, name: str) -> Case:
    parts = parse_blend(name).layers
    topics = own_topics(name, table.topics)
    others = [layer for layer in table.topics if layer in table.blends and layer not in topics]
    serving = serving_name(name) if len(parts) == 1 else None
    return Case(
        candidate=name,
        topics=topics,
        base=BASE,
        serving=serving if serving in table.blends else None,
        others=tuple(others),
    )


def _worth(table: Table, case: Case, verdict: Verdict) -> Worth:
    name, own = case.candidate, case.topics
    return Worth(
        name=name,
        topics=own,
        verdict=verdict,
        correct=table.correct(name, own),
        correct_base=table.correct(BASE, own),
        correct_others=mean(table.correct(rival, own) for rival in case.others),
        correct_unseen=table.correct(name, own, "transfer"),
        correct_unseen_base=table.correct(BASE, own, "transfer"),
        loss=table.loss(name, own),
        loss_base=table.loss(BASE, own),
    )
