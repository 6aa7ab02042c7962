"""What changed between two reports: verdicts, answers, figures, and how they were made. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.report.cell import Cell
from lamina.assessment.report.records import AnswerRecord, AnyRecord
from lamina.assessment.report.summary import Summary

LEAST_NATS = 0.005  # less is not seen in two decimals
LEAST_SHARE = 0.0005
_TOLD = 10  # of each kind on the terminal

Report: TypeAlias = tuple[Summary, Sequence[AnyRecord]]
Measure: TypeAlias = Literal["D", "right", "loss"]


class VerdictChange(BaseModel):
    """A layer's verdict; None where a report has none of it."""

    model_config = ConfigDict(frozen=True)

    name: str
    before: str | None
    after: str | None


class AnswerChange(BaseModel):
    """An answer in other words, or of another grade."""

    model_config = ConfigDict(frozen=True)

    blend: str
    topic: str
    item: str
    question: str
    reference: str
    before: str
    after: str
    correct_before: bool
    correct_after: bool

    @property
    def kind(self) -> str:
        """Lost, won, or merely otherwise."""
        if self.correct_before == self.correct_after:
            return "other words"
        return "won" if self.correct_after else "lost"


class FigureChange(BaseModel):
    """One cell's D or loss (nats per token) or share of right answers (0 to 1)."""

    model_config = ConfigDict(frozen=True)

    blend: str
    topic: str
    measure: Measure
    before: float
    after: float


class Difference(BaseModel):
    """All of it; answers that were lost stand first, then those that were won."""

    model_config = ConfigDict(frozen=True)

    before: datetime | None = Field(description="when the other report was made")
    facts: dict[str, tuple[str | None, str | None]] = Field(description="how it was measured")
    verdicts: tuple[VerdictChange, ...]
    answers: tuple[AnswerChange, ...]
    figures: tuple[FigureChange, ...]
    asked_no_more: int = Field(description="answers that the other report alone has")
    asked_anew: int = Field(description="answers that this report alone has")

    def count(self, kind: str) -> int:
        """Answers that were lost, won, or given in other words."""
        return sum(one.kind == kind for one in self.answers)

    @property
    def counts(self) -> dict[str, int]:
        """How many changed, by what."""
        return {
            "verdicts": len(self.verdicts),
            "answers lost": self.count("lost"),
            "answers won": self.count("won"),
            "answers in other words": self.count("other words"),
            "D of cells": sum(one.measure == "D" for one in self.figures),
        }

    @property
    def sentence(self) -> str:
        """The whole in one sentence."""
        when = f"{self.before:%Y-%m-%d %H:%M} UTC" if self.before else "an unknown day"
        changed = ", ".join(f"{name} {count}" for name, count in self.counts.items() if count)
        beside = ", ".join(
            f"{count} {what}"
            for count, what in (
                (self.asked_anew, "asked for the first time"),
                (self.asked_no_more, "not asked any more"),
            )
            if count
        )
        told = f"Against the report of {when}: {changed or 'nothing'} changed"
        return f"{told}; {beside}." if beside else f"{told}."

    def lines(self) -> Iterator[str]:
        """For a terminal: the sentence, verdicts, lost and won answers, D."""
        yield self.sentence
        yield from _told([f"{one.name}: {_was(one)}" for one in self.verdicts], "verdicts")
        for kind in ("lost", "won"):
            some = [one for one in self.answers if one.kind == kind]
            yield from _told([f"{kind}: {_words(one)}" for one in some], f"{kind} answers")
        nats = [one for one in self.figures if one.measure == "D"]
        yield from _told(
            [f"D of {x.blend} on {x.topic}: {x.before:+.2f} -> {x.after:+.2f}" for x in nats],
            "cells",
        )


def difference(before: Report, after: Report) -> Difference:
    """What the second report says otherwise than the first."""
    old, new = _answers(before[1]), _answers(after[1])
    answers = [_answer(old[place], new[place]) for place in new if place in old]
    order = ("lost", "won", "other words")
    return Difference(
        before=before[0].made,
        facts=_facts(before[0].facts, after[0].facts),
        verdicts=tuple(_verdicts(before[0], after[0])),
        answers=tuple(
            sorted((one for one in answers if one), key=lambda one: order.index(one.kind))
        ),
        figures=tuple(_figures(before[0], after[0])),
        asked_no_more=len(old.keys() - new.keys()),
        asked_anew=len(new.keys() - old.keys()),
    )


_Place: TypeAlias = tuple[str, str, str, str]


def _answers(records: Iterable[AnyRecord]) -> dict[_Place, AnswerRecord]:
    return {
        (one.blend, one.topic, one.item, one.question): one
        for one in records
        if isinstance(one, AnswerRecord)
    }


def _answer(before: AnswerRecord, after: AnswerRecord) -> AnswerChange | None:
    if (before.answer, before.correct) == (after.answer, after.correct):
        return None
    same = after.model_dump(include={"blend", "topic", "item", "question", "reference"})
    return AnswerChange(
        **same,
        before=before.answer,
        after=after.answer,
        correct_before=before.correct,
        correct_after=after.correct,
    )


def _facts(
    before: Mapping[str, str], after: Mapping[str, str]
) -> dict[str, tuple[str | None, str | None]]:
    names = dict.fromkeys((*before, *after))
    pairs = {name: (before.get(name), after.get(name)) for name in names}
    return {name: (old, new) for name, (old, new) in pairs.items() if old != new}


def _verdicts(before: Summary, after: Summary) -> Iterator[VerdictChange]:
    old = {worth.name: str(worth.verdict.word) for worth in before.worths}
    new = {worth.name: str(worth.verdict.word) for worth in after.worths}
    for name in dict.fromkeys((*new, *old)):
        if old.get(name) != new.get(name):
            yield VerdictChange(name=name, before=old.get(name), after=new.get(name))


def _figures(before: Summary, after: Summary) -> Iterator[FigureChange]:
    old = {(cell.blend, cell.topic): cell for cell in before.cells}
    for cell in after.cells:
        known = old.get((cell.blend, cell.topic))
        if known is not None:
            yield from _cell(known, cell)


def _cell(before: Cell, after: Cell) -> Iterator[FigureChange]:
    pairs: tuple[tuple[Measure, float | None, float | None, float], ...] = (
        ("D", before.d, after.d, LEAST_NATS),
        ("right", before.correct, after.correct, LEAST_SHARE),
        ("loss", before.loss, after.loss, LEAST_NATS),
    )
    for measure, old, new, least in pairs:
        if old is not None and new is not None and abs(new - old) >= least:
            yield FigureChange(
                blend=after.blend, topic=after.topic, measure=measure, before=old, after=new
            )


def _told(lines: Sequence[str], what: str) -> Iterator[str]:
    yield from (f"- {line}" for line in lines[:_TOLD])
    if len(lines) > _TOLD:
        yield f"- and {len(lines) - _TOLD} more {what}"


def _was(one: VerdictChange) -> str:
    if one.before is None:
        return f"{one.after}; it was not judged then"
    return f"was {one.before}, " + (f"is {one.after}" if one.after else "is not judged any more")


def _words(one: AnswerChange) -> str:
    return f"{one.blend} on {one.question!r}: {one.before!r} -> {one.after!r}"
