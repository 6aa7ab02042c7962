"""What can be asked of a subject, and how a question's wrong answers are chosen. Pure.

A choice puts the right answers of a question beside six answers of other questions, of the same
type and, where there are enough, of the same unit. Which six depends on the exam alone: every
subject gets the same ones, and a question that is added later takes the place of few.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lamina.assessment.grading.references import read_reference
from lamina.fingerprint import text_digest
from lamina.text.questions import Question

N_OTHERS = 6


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer this in your own words."""

    question: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Say how likely each of these is as the answer; the first `n_right` are right."""

    question: str
    answers: tuple[str, ...]
    n_right: int


@dataclass(frozen=True, slots=True)
class Read:
    """Say how likely this text is, from its beginning or as the answer to a question.

    What is `given` stands before it and is not scored.
    """

    text: str
    question: str | None = None
    given: str = ""


@dataclass(frozen=True, slots=True)
class Find:
    """Say which of these layers (name, content) this is for, or that it is for the base."""

    question: str
    among: tuple[tuple[str, str], ...]


Request: TypeAlias = Ask | Choose | Read | Find


def choices(exam: Sequence[Question], *, seed: int) -> dict[Question, Choose]:
    """A choice for every question that others can be compared with; the same for every subject."""
    pools: dict[str, dict[str, Question]] = {}
    for question in exam:
        pools.setdefault(kind_of(question), {}).setdefault(_plain(question.answer), question)
    found = {}
    for question in exam:
        others = _others(question, pools[kind_of(question)].values(), seed)
        if others:
            right = tuple(dict.fromkeys(question.answers))
            found[question] = Choose(question.question, (*right, *others), len(right))
    return found


def kind_of(question: Question) -> str:
    """Its type; where the file names none, what its answer is read as."""
    return question.type or read_reference(question.answer, question).kind


def _others(question: Question, pool: Iterable[Question], seed: int) -> list[str]:
    right = {_plain(answer) for answer in question.answers}
    ranked = sorted(
        (other.unit != question.unit, _rank(seed, question.question, other.answer), other.answer)
        for other in pool
        if _plain(other.answer) not in right
    )
    return [answer for *_, answer in ranked[:N_OTHERS]]


def _rank(seed: int, *words: str) -> str:
    """A place that looks like chance and hangs on these words alone."""
    return text_digest("\n".join((str(seed), *words)))


def _plain(answer: str) -> str:
    return " ".join(answer.casefold().split()).rstrip(".")
