"""Each question with what the layer, the version that serves and the base said to it. Pure.

An answer is marked against what it is meant to replace: a layer's against the version that serves
in its place where there is one, every other against the base.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from lamina.assessment.asking.matrix import item_name
from lamina.assessment.cells.measured import Proves
from lamina.assessment.exam.blend import BASE, serving_name
from lamina.assessment.grading import ABSTAINED, EMPTY
from lamina.assessment.report.records import AnswerRecord, AnyRecord, ChoiceRecord, choices_by_place
from lamina.text.questions import Question

REGRESSED, IMPROVED, FIGURE, SILENT = "regressed", "improved", "wrong-figure", "abstained"
MARKS = (REGRESSED, IMPROVED, FIGURE, SILENT)
_FIGURES = frozenset({"number", "percent"})


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, and all who gave it."""

    who: tuple[str, ...]
    answer: AnswerRecord  # the first one's
    marks: tuple[str, ...] = ()
    choice: ChoiceRecord | None = None  # how likely it thought the right answer; of one alone

    @property
    def correct(self) -> bool:
        """Whether it counts as right."""
        return self.answer.correct


@dataclass(frozen=True, slots=True)
class Beside:
    """One question with all that was said to it."""

    topic: str
    question: str
    reference: str
    proves: Proves  # whether its layer was trained on the document behind it
    asked: Question | None  # as the exam has it, with its evidence; None where it is not known
    layer: Said | None  # of its own topic: the candidate, where one is judged
    serving: Said | None
    base: Said | None
    others: tuple[Said, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        """Of the topic's own layer; where there is none, of any answer."""
        if self.layer:
            return self.layer.marks
        given = {mark for said in self.others for mark in said.marks}
        return tuple(mark for mark in MARKS if mark in given)


def beside(
    records: Iterable[AnyRecord], questions: Iterable[Question] = ()
) -> dict[str, list[Beside]]:
    """By topic: its questions, those that the layer lost first, then those that it has wrong."""
    records = list(records)
    known = {(one.topic, item_name(one)): one for one in questions}
    chosen = choices_by_place(records)
    given: dict[str, dict[tuple[str, str, str], list[AnswerRecord]]] = {}
    for one in records:
        if isinstance(one, AnswerRecord):
            place = (one.item, one.question, one.reference)
            given.setdefault(one.topic, {}).setdefault(place, []).append(one)
    found = {
        topic: [
            _beside(topic, answers, known.get((topic, item)), chosen)
            for (item, *_), answers in by_question.items()
        ]
        for topic, by_question in given.items()
    }
    return {topic: sorted(of, key=_urgency) for topic, of in found.items()}


def marks_of(answer: AnswerRecord, against: AnswerRecord | None) -> tuple[str, ...]:
    """What a reader may look for: lost, won, a wrong figure, no answer."""
    wrong = not answer.correct
    silent = answer.why in (ABSTAINED, EMPTY)
    holds = {
        REGRESSED: wrong and against is not None and against.correct,
        IMPROVED: answer.correct and against is not None and not against.correct,
        FIGURE: wrong and not silent and answer.kind in _FIGURES,
        SILENT: silent,
    }
    return tuple(mark for mark in MARKS if holds[mark])


def _beside(
    topic: str,
    answers: Sequence[AnswerRecord],
    asked: Question | None,
    chosen: Mapping[tuple[str, str, str], ChoiceRecord],
) -> Beside:
    by = {one.blend: one for one in answers}
    base, layer, serving = by.get(BASE), by.get(topic), by.get(serving_name(topic))

    def alone(one: AnswerRecord | None, against: AnswerRecord | None) -> Said | None:
        if one is None:
            return None
        choice = chosen.get((one.blend, topic, one.item))
        return Said((one.blend,), one, marks_of(one, against), choice)

    first = answers[0]
    shown = {one.blend for one in (base, layer, serving) if one}
    return Beside(
        topic=topic,
        question=first.question,
        reference=first.reference,
        proves=first.proves,
        asked=asked,
        layer=alone(layer, serving or base),
        serving=alone(serving, base),
        base=alone(base, None),
        others=_others([one for one in answers if one.blend not in shown], base),
    )


def _others(answers: Iterable[AnswerRecord], base: AnswerRecord | None) -> tuple[Said, ...]:
    """Equal answers with equal grades stand together, right ones first."""
    ordered = sorted(answers, key=lambda one: (not one.correct, one.answer, one.why))
    groups = (list(of) for _, of in groupby(ordered, key=lambda one: (one.answer, one.why)))
    return tuple(
        Said(tuple(one.blend for one in of), of[0], marks_of(of[0], base)) for of in groups
    )


def _urgency(one: Beside) -> tuple[bool, bool]:
    return REGRESSED not in one.marks, bool(one.layer and one.layer.correct)
