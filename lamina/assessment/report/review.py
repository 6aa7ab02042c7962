"""Answers that a person should look at: three signs of what is right do not agree. Pure.

The signs are the grader, whether a reference's words stand in the answer, and whether the subject
thinks the right answer the likeliest of seven. None of them is always right.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lamina.assessment.grading import ABSTAINED, EMPTY
from lamina.assessment.report.records import AnswerRecord, AnyRecord, choices_by_place

# In the order in which looking pays: where two signs are against the grader first.
WORDS_AND_RANK = "graded wrong, though the reference's words stand in it and are thought likeliest"
NEITHER = "graded right without the reference's words, and another answer is thought likelier"
WORDS = "graded wrong, though the reference's words stand in it"
NO_WORDS = "graded right without the reference's words"
RANK = "graded wrong, though the right answer is thought the likeliest of all"
NO_RANK = "graded right, though another answer is thought likelier"
REASONS = (WORDS_AND_RANK, NEITHER, WORDS, NO_WORDS, RANK, NO_RANK)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One answer text on which the signs disagree, and all who gave it."""

    answer: AnswerRecord
    who: tuple[str, ...]
    reason: str


def review_queue(records: Iterable[AnyRecord]) -> tuple[Doubt, ...]:
    """Doubtful answers, each text once, those first where looking pays; without overruled ones."""
    records = list(records)
    chosen = choices_by_place(records)
    found: dict[tuple[str, str], list[AnswerRecord]] = {}
    for one in records:
        if isinstance(one, AnswerRecord) and one.overruled is None:
            choice = chosen.get((one.blend, one.topic, one.item))
            if reason := doubt(one, likeliest=choice.rank == 1 if choice else None):
                found.setdefault((one.key, reason), []).append(one)
    best: dict[str, Doubt] = {}
    for key, reason in sorted(found, key=lambda pair: REASONS.index(pair[1])):
        of = found[key, reason]
        who = tuple(one.blend for one in of)
        before = best.get(key)
        best[key] = (
            Doubt(before.answer, (*before.who, *who), before.reason)
            if before
            else Doubt(of[0], who, reason)
        )
    return tuple(sorted(best.values(), key=lambda one: REASONS.index(one.reason)))


def doubt(answer: AnswerRecord, *, likeliest: bool | None) -> str:
    """Why an answer is doubtful; empty where all signs agree. `likeliest` None = not measured."""
    match answer.correct, answer.contains, likeliest:
        case False, True, True:
            return WORDS_AND_RANK
        case True, False, False:
            return NEITHER
        case False, True, _:
            return WORDS
        case True, False, _:
            return NO_WORDS
        case False, False, True if answer.why not in (ABSTAINED, EMPTY):
            return RANK
        case True, True, False:
            return NO_RANK
    return ""


def overruled(records: Iterable[AnyRecord]) -> tuple[Doubt, ...]:
    """Answers that a person decided about, each text once, with the grader's word as the reason."""
    found: dict[str, list[AnswerRecord]] = {}
    for one in records:
        if isinstance(one, AnswerRecord) and one.overruled:
            found.setdefault(one.key, []).append(one)
    return tuple(
        Doubt(of[0], tuple(one.blend for one in of), _graded(of[0])) for of in found.values()
    )


def _graded(answer: AnswerRecord) -> str:
    said = answer.overruled
    return f"graded {'right' if said and said.graded else 'wrong'}"
