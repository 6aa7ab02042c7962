"""What `auto` is worth: the layer found by what is asked, against the right one and the base. Pure.

It decides no verdict. The right one is the topic's own layer; of general questions it is the base.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.exam.blend import AUTO, BASE, parse_blend
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.report.records import AnswerRecord
from lamina.assessment.report.table import Table
from lamina.assessment.verdicts.evidence import document_means, over_documents

_By: TypeAlias = Mapping[tuple[str, str], AnswerRecord]  # by topic and item


class Against(BaseModel):
    """How `auto` does against another on the same questions; shares are 0 to 1."""

    model_config = ConfigDict(frozen=True)

    correct: float = Field(description="the other's share of right answers")
    gain: float = Field(description="of `auto` over it, each document once")
    low: float | None = Field(description="None of a single document, which says nothing of others")
    high: float | None

    @property
    def words(self) -> str:
        """The difference in points."""
        if self.low is None or self.high is None:
            return f"{100 * self.gain:+.0f} points"
        interval = f"interval {100 * self.low:+.0f} to {100 * self.high:+.0f}"
        return f"{100 * self.gain:+.0f} points, {interval}"


class Found(BaseModel):
    """On one topic, or on all that have a layer."""

    model_config = ConfigDict(frozen=True)

    topic: str = Field(description="empty of all together")
    n: int = Field(description="questions about documents that the topic's layer was trained on")
    found: float = Field(description="share put to the right one, alone or in a blend")
    correct: float = Field(description="share of right answers by `auto`")
    layer: Against | None = Field(description="the right layer; None of general questions")
    base: Against | None


class Auto(BaseModel):
    """`auto` in figures."""

    model_config = ConfigDict(frozen=True)

    all: Found
    topics: tuple[Found, ...]

    @property
    def sentence(self) -> str:
        """The whole in one sentence."""
        one = self.all
        general = next((row for row in self.topics if row.topic == GENERAL), None)
        parts = (
            f"`auto` found the right layer for {one.found:.0%} of {one.n} questions",
            f"it answered {one.correct:.0%} correctly",
            f"the right layers {one.layer.correct:.0%} ({one.layer.words})" if one.layer else "",
            f"the base {one.base.correct:.0%} ({one.base.words})" if one.base else "",
            f"of general questions it left {general.found:.0%} to the base" if general else "",
        )
        return f"{'; '.join(filter(None, parts))}."


def auto_of(table: Table, level: float) -> Auto | None:
    """None where it was not asked; `level` is that of each end of an interval."""
    own = [topic for topic in table.topics if topic != GENERAL and table.answers(AUTO, (topic,))]
    if not own:
        return None
    topics = [*own, *([GENERAL] if table.answers(AUTO, (GENERAL,)) else [])]
    return Auto(
        all=_found(table, own, "", level),
        topics=tuple(_found(table, [topic], topic, level) for topic in topics),
    )


def _found(table: Table, topics: Sequence[str], name: str, level: float) -> Found:
    given = table.answers(AUTO, topics)
    layers = [one for topic in topics if topic != GENERAL for one in table.answers(topic, (topic,))]
    return Found(
        topic=name,
        n=len(given),
        found=fmean(map(_is_right_one, given)),
        correct=fmean(one.correct for one in given),
        layer=_against(given, _by_place(layers), level),
        base=_against(given, _by_place(table.answers(BASE, topics)), level),
    )


def _is_right_one(one: AnswerRecord) -> bool:
    return one.by == BASE if one.topic == GENERAL else one.topic in parse_blend(one.by).layers


def _by_place(answers: Sequence[AnswerRecord]) -> _By:
    return {(one.topic, one.item): one for one in answers}


def _against(given: Sequence[AnswerRecord], others: _By, level: float) -> Against | None:
    pairs = [(one, others[one.topic, one.item]) for one in given if (one.topic, one.item) in others]
    if not pairs:
        return None
    gaps = [(_document(one), float(one.correct) - other.correct, 1.0) for one, other in pairs]
    estimate = over_documents(gaps, shares=True)
    return Against(
        correct=fmean(other.correct for _, other in pairs),
        gain=fmean(document_means(gaps)),
        low=max(-1.0, float(estimate.low(level))) if estimate else None,
        high=min(1.0, float(estimate.high(level))) if estimate else None,
    )


def _document(one: AnswerRecord) -> str:
    return one.item if one.topic == GENERAL else one.document or one.topic
