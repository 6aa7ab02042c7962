"""Grades a phrase: the reference stands in the answer, whole, and not among others."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import islice, pairwise

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
_OTHERS = re.compile(r"[,;\n/]|\.\s|\bor\b|\band\b", re.IGNORECASE)
_MOST_WORDS_OF_OTHERS = 3
# Where a sentence that has named something goes on to say what that is, or why.
_EXPLAINED = re.compile(
    r",?\s+(?:which|who|whose|where|because|since|also\s+known\s+as|due\s+to|as\s+(?:it|they))\b"
    r"|,\s+(?:\w+ing|located|known|so)\b|\s+\((?!or\b)"
    r"|;\s(?=[^;]*\b(?:is|are|was|were|has|have|had)\b)"
    r"|['\"]?\s+(?:is|are|was|were)\s+(?:an?|the|one|located|known|part)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\s+(?:\w+\s+)?(?:not|never|\w+n't)\b", re.IGNORECASE)
_MOST_EXPLAINED = 4  # places at which that is looked for
_END = re.compile(r"[.!?]\s|\n")
_OR = re.compile(r",\s*or\b", re.IGNORECASE)
_EITHER_OR = re.compile(r"\bor\b", re.IGNORECASE)
_CHOICES = re.compile(r"[,:;?]|\bor\b", re.IGNORECASE)
_THAN = re.compile(r"\bthan\b[^,.;\n]*", re.IGNORECASE)  # what something is compared with
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
    bare = answer if "than" in meant else _THAN.sub("", answer)
    for head in _heads(bare, question):
        if find(meant, content(head)) >= 0:
            return _named(head, meant, question)
    return (True, CLOSE) if _is_near(said, meant, question) else (False, WRONG)


def _heads(answer: str, question: str) -> Iterator[str]:
    """The answer up to each place in its first sentence where it explains; at last the whole.

    Who says there that what is asked is not so does not explain.
    """
    asked = FILLER | set(words(question))
    ended = _END.search(answer)
    first = answer[: ended.start()] if ended else answer
    for found in islice(_EXPLAINED.finditer(first), _MOST_EXPLAINED):
        denies = _DENIES.match(first, found.end())
        if denies and asked.issuperset(content(first[denies.end() :])):
            continue
        if not _OR.search(answer, found.start()):
            yield answer[: found.start()]
    yield answer


def _named(head: str, meant: list[str], question: str) -> tuple[bool, str]:
    """Whether what a reference stands in names it, and nothing else."""
    said, free = content(head), FILLER | set(words(question))
    beside = [word for word in said if word not in free and word not in meant]
    several = _among_others(head, meant, free) or _or_another(head, meant, free)
    if several or _offered(question, meant).intersection(said):
        return False, SEVERAL
    if _turned(beside) or len(beside) > max(_MOST_BESIDE, len(meant)):
        return False, TOO_LONG
    return True, RIGHT


def _offered(question: str, meant: list[str]) -> set[str]:
    """Words of what a question lets choose from beside the reference: start or finish."""
    pieces = [content(piece) for piece in _CHOICES.split(question)][1:]
    if meant not in pieces:
        return set()
    others = (set(one) for one in pieces if one != meant and len(one) <= _MOST_WORDS_OF_OTHERS)
    return set().union(*others) - set(meant)


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


def _or_another(answer: str, meant: list[str], free: Collection[str]) -> bool:
    """Whether `or` joins a reference to something else."""
    known = {*free, *meant}
    sides = pairwise(content(piece) for piece in _EITHER_OR.split(answer))
    return any(
        (one[-len(meant) :] == meant and other and other[0] not in known)
        or (other[: len(meant)] == meant and one and one[-1] not in known)
        for one, other in sides
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
