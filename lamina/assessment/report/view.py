"""Cells as records: graded here, anew each time, and asked of nobody. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean
from typing import Any

from lamina.assessment.asking.matrix import Wanted, item_name
from lamina.assessment.cells.cells import Cells, Value
from lamina.assessment.cells.measured import Measured
from lamina.assessment.exam.asked import Choose, Read
from lamina.assessment.exam.blend import AUTO, BASE, layer_of
from lamina.assessment.grading import contains, grade
from lamina.assessment.grading.overrides import Overrides
from lamina.assessment.report.records import (
    AnswerRecord,
    AnyRecord,
    ChoiceRecord,
    LossRecord,
    Overruled,
)
from lamina.text.questions import Question


def records(
    wanted: Iterable[Wanted], cells: Cells, overrides: Overrides | None = None
) -> Iterator[AnyRecord]:
    """What stands in the cells of all that was wanted; an empty cell gives no record."""
    overrides = overrides or Overrides()
    for one in wanted:
        value = cells.get(one.subject, one.request)
        if value is not None:
            yield _record(one, value, overrides)


def gains_over_base(
    by_subject: Mapping[str, Iterable[Measured]],
) -> dict[str, dict[str, list[float]]]:
    """By subject and topic: D over the base's, question by question."""
    base = {(one.topic, one.item): one.value for one in by_subject.get(BASE, ()) if one.kind == "D"}
    gains: dict[str, dict[str, list[float]]] = {}
    for subject, values in by_subject.items():
        for one in values:
            if one.kind == "D" and (one.topic, one.item) in base and subject != BASE:
                gain = one.value - base[one.topic, one.item]
                gains.setdefault(subject, {}).setdefault(one.topic, []).append(gain)
    return gains


def _record(wanted: Wanted, value: Value, overrides: Overrides) -> AnyRecord:
    who = wanted.subject.blend.name
    place: dict[str, Any] = {"blend": AUTO if wanted.found else who, "topic": wanted.topic}
    item = wanted.item
    behind = {"document": wanted.document, "proves": wanted.proves}
    match wanted.request:
        case Read():
            ((logprob, n_tokens),) = value["scores"]
            loss = -logprob / max(1, n_tokens)
            row = item_name(item)
            place["document"] = wanted.document
            return LossRecord(**place, row=row, loss=loss, n_tokens=n_tokens)
        case Choose() as choice:
            return _chosen(choice, value, {**place, "item": item_name(item), **behind})
    assert isinstance(item, Question)  # noqa: S101 - rows are read, not asked
    place |= {"item": item_name(item), "by": who if wanted.found else "", **behind}
    return _overruled(_answered(item, value, place), overrides)


def _answered(question: Question, value: Value, place: dict[str, Any]) -> AnswerRecord:
    marks = grade(value["text"], question)
    n_tokens, total_s = value["n_tokens"], value["total_s"]
    return AnswerRecord(
        **place,
        question=question.question,
        reference=question.answer,
        answer=value["text"],
        correct=marks.correct,
        kind=marks.kind,
        why=marks.why,
        contains=contains(value["text"], question),
        first_token_s=value["first_token_s"],
        total_s=total_s,
        n_prompt_tokens=value["n_prompt_tokens"],
        n_tokens=n_tokens,
        tokens_per_s=round(n_tokens / total_s, 3) if n_tokens and total_s else None,
    )


def _overruled(record: AnswerRecord, overrides: Overrides) -> AnswerRecord:
    """The record as a person decided, where one did; of a version that serves as of its layer."""
    decision = overrides.find(
        question=record.item,
        topic=record.topic,
        layer=layer_of(record.by or record.blend),
        answer=record.answer,
    )
    if decision is None:
        return record
    said = Overruled(who=decision.who, when=decision.when, why=decision.why, graded=record.correct)
    why = f"overruled by {decision.who}: {decision.why}"
    return record.model_copy(update={"correct": decision.right, "why": why, "overruled": said})


def _chosen(choice: Choose, value: Value, place: dict[str, Any]) -> ChoiceRecord:
    """D, A and rank: the likeliest right answer against the others, each by token."""
    likely = [logprob / max(1, n_tokens) for logprob, n_tokens in value["scores"]]
    right, others = likely[: choice.n_right], likely[choice.n_right :]
    best = max(right)
    return ChoiceRecord(
        **place,
        question=choice.question,
        reference=choice.answers[right.index(best)],
        likeliest=choice.answers[likely.index(max(likely))],
        logprob=best,
        margin=best - fmean(others),
        rank=1 + sum(other > best for other in others),
        n_others=len(others),
    )
