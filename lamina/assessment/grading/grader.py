"""Grades one answer to one question by what is asked for. Pure; English text, decimal points.

A figure is right in its scale, sign, currency and unit, as far as the reference's digits go; a
date as exactly as the reference is; a list in any order; a phrase where it stands whole in the
answer and not among others. An answer that gives a wrong figure beside the right one is wrong. One
that states the right thing first and goes on to explain it is right (`talk.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lamina.assessment.grading.abstention import abstains
from lamina.assessment.grading.asides import hedges, is_alternative, stated, without_comparisons
from lamina.assessment.grading.dates import Date, agree, dates
from lamina.assessment.grading.lists import grade_list
from lamina.assessment.grading.numbers import grade_figure
from lamina.assessment.grading.plain import plain, statement
from lamina.assessment.grading.references import Reference, read_reference
from lamina.assessment.grading.spans import RIGHT, SEVERAL, grade_span, holds, same_words
from lamina.assessment.grading.talk import answers_again, first_statement, takes_back, unquoted
from lamina.assessment.grading.yes_no import grade_yes_no, reads_as
from lamina.text.questions import Question, QuestionType

GRADER = 2  # counted up when an answer may be graded otherwise than before
ABSTAINED = "abstained"
EMPTY = "no answer"
EXPLAINED = "right, and then explained"


@dataclass(frozen=True, slots=True)
class Grade:
    """Whether an answer is right."""

    correct: bool
    kind: QuestionType  # as what it was graded
    why: str  # in a few words


def grade(answer: str, question: Question) -> Grade:
    """Grade an answer as a model gave it against the question's reference and its aliases."""
    references = _references(question)
    kind = references[0].kind
    text = statement(answer)
    text = text.removeprefix(plain(question.question)).strip() or text
    if not any(sign.isalnum() for sign in text):
        return Grade(correct=False, kind=kind, why=EMPTY)
    if kind == "abstain":
        gave_none = abstains(text, question.question)
        return Grade(correct=gave_none, kind=kind, why=ABSTAINED if gave_none else "an answer")
    text = unquoted(text, [one.text for one in references], question.question)
    first, rest = first_statement(text)
    if rest and _stated(first, references, question.question)[0]:
        again = [one for one in rest if answers_again(one, first, question.question, kind)]
        correct = all(_stated(one, references, question.question)[0] for one in again)
        return Grade(correct=correct, kind=kind, why=EXPLAINED if correct else SEVERAL)
    correct, why = _stated(text, references, question.question)
    if not correct and not rest and text.startswith(first):  # the second one was cut off
        correct, why = _stated(first, references, question.question)
    return Grade(correct=correct, kind=kind, why=why)


def _stated(text: str, references: Sequence[Reference], question: str) -> tuple[bool, str]:
    """Whether that is one statement, and a right one; and why."""
    decided = references[0].kind == "yes_no" and reads_as(text) is not None
    if not decided and abstains(text, question):
        said = any(same_words(text, one.text) for one in references)
        return (True, RIGHT) if said else (False, ABSTAINED)
    if takes_back(text, question):
        return False, ABSTAINED
    if hedges(text) and not any(hedges(one.text) for one in references):
        return False, SEVERAL
    correct, why = _best(text, references, question)
    if not correct and (rest := without_comparisons(text)) != text:
        return _best(rest, references, question)
    return correct, why


@lru_cache(maxsize=4096)  # an exam, which every subject is asked
def _references(question: Question) -> tuple[Reference, ...]:
    return tuple(read_reference(text, question) for text in question.answers)


def contains(answer: str, question: Question) -> bool:
    """Whether a reference's words stand in the answer, together, whatever else does."""
    return any(holds(plain(answer), plain(one)) for one in question.answers)


def _best(text: str, references: Sequence[Reference], question: str) -> tuple[bool, str]:
    """The first reference that agrees, or why the first one does not."""
    figured = [one for one in references if one.figure and not one.subject]
    dated = [one for one in references if one.date]
    others = [one for one in references if one not in figured and one not in dated]
    results = []
    if figured:
        results.append(grade_figure(text, [one.figure for one in figured if one.figure], question))
    if dated:
        results.append(_date(text, dated, question))
    results.extend(_other(text, one, question) for one in others)
    return next((one for one in results if one[0]), results[0])


def _other(text: str, reference: Reference, question: str) -> tuple[bool, str]:
    if reference.subject and reference.figure:
        right, why = grade_figure(text, [reference.figure], question)
        return _best(text, [reference.subject], question) if right else (False, why)
    match reference.kind:
        case "list":
            return grade_list(text, reference.text, question)
        case "yes_no":
            return grade_yes_no(text, bool(reads_as(reference.text)), question)
    return grade_span(text, [reference.text], question)


def _date(text: str, references: Sequence[Reference], question: str) -> tuple[bool, str]:
    """Whether every date that is stated is the one that is meant."""
    asked = dates(question)
    years = frozenset(one.year for one in asked if one.year is not None)
    meant = [one.date for one in references if one.date]

    def right(said: Date) -> bool:
        return any(agree(said, one, years) for one in meant)

    said = stated(text, dates(text))
    named = {one.known for one in asked}
    kept = [
        one for one in said if right(one) or one.known not in named or is_alternative(text, one)
    ]
    if not kept:
        return grade_span(text, [one.text for one in references], question)
    if all(map(right, kept)):
        return True, "the date agrees"
    several = any(map(right, kept)) or len(kept) > 1
    return False, "several dates" if several else "another date"
