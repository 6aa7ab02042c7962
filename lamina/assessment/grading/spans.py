"""Grades a phrase: the reference stands in the answer, whole, and not among others."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from lamina.assessment.grading.words import FILLER, content, find, is_figure, variants, words

RIGHT = "the reference stands in it"
CLOSE = "nearly the reference's words"
SEVERAL = "several answers"
TOO_LONG = "too much beside the reference"
WRONG = "another answer"

_MOST_BESIDE = 6  # words beside a short reference that neither question nor manners ask for
_LEAST_COVERED = 0.6  # of a reference's words by an answer that shortens it
_LEAST_F1 = 0.85  # of an answer in nearly the reference's words
_FEWEST_WORDS = 4  # of a reference for which that can be said
_OTHERS = re.compile(r"[,;\n/]|\bor\b|\band\b", re.IGNORECASE)
_MOST_WORDS_OF_OTHERS = 3
# Words that turn a phrase into its opposite: both texts must have the same.
_TURNS = frozenset({
    "not", "no", "never", "nor", "neither", "without", "except", "increase", "increased",
    "decrease", "decreased", "higher", "lower", "rise", "rose", "fall", "fell", "gain", "loss",
    "more", "less",
    "up", "down", "before", "after", "above", "below",
})  # fmt: skip


def grade_span(answer: str, references: Sequence[str], question: str) -> tuple[bool, str]:
    """Whether one of the references is what the answer says, and why."""
    why = WRONG
    for reference in references:
        for variant in variants(reference):
            right, said = _compare(answer, variant, question)
            if right:
                return True, said
            why = said if said != WRONG else why
    return False, why


def same_words(answer: str, reference: str) -> bool:
    """Whether two texts have the same words, but for those that only join others."""
    return words(answer) == words(reference) or (
        content(answer) == content(reference) and bool(content(reference))
    )


def holds(answer: str, reference: str) -> bool:
    """Whether the reference's words stand in the answer, together, whatever else does."""
    meant = content(reference) or words(reference)
    return find(meant, content(answer) or words(answer)) >= 0


def _compare(answer: str, reference: str, question: str) -> tuple[bool, str]:
    if same_words(answer, reference):
        return True, RIGHT
    said, meant = content(answer), content(reference)
    if not said or not meant:
        return False, WRONG
    at = find(meant, said)
    if at >= 0:
        free = FILLER | set(words(question))
        beside = [word for word in said[:at] + said[at + len(meant) :] if word not in free]
        if _among_others(answer, meant, free):
            return False, SEVERAL
        if _turned(beside) or len(beside) > max(_MOST_BESIDE, len(meant)):
            return False, TOO_LONG
        return True, RIGHT
    return (True, CLOSE) if _is_near(said, meant, question) else (False, WRONG)


def _among_others(answer: str, meant: list[str], free: Collection[str]) -> bool:
    """Whether a short reference is one of several things that the answer lists."""
    if len(meant) > _MOST_BESIDE:
        return False
    pieces = [content(piece) for piece in _OTHERS.split(answer)]
    listed = [piece for piece in pieces if piece and set(piece[-len(meant) :]) <= set(meant)]
    return bool(listed) and any(
        0 < len(piece) <= _MOST_WORDS_OF_OTHERS
        and not any(word in free or word in meant for word in piece)
        for piece in pieces
    )


def _is_near(said: list[str], meant: list[str], question: str) -> bool:
    """Whether an answer shortens the reference, or changes a few of many words."""
    if _figures(said) != _figures(meant) or _turned(said) != _turned(meant):
        return False
    if len(said) > 1 and find(said, meant) >= 0 and len(said) >= _LEAST_COVERED * len(meant):
        return True
    asked = set(words(question)) - set(meant)
    said = [word for word in said if word not in asked]
    common = sum((Counter(said) & Counter(meant)).values())
    f1 = 2 * common / (len(said) + len(meant))
    return len(meant) >= _FEWEST_WORDS and f1 >= _LEAST_F1


def _figures(words_: list[str]) -> Counter[str]:
    return Counter(word for word in words_ if is_figure(word))


def _turned(words_: list[str]) -> Counter[str]:
    return Counter(word for word in words_ if word in _TURNS)
