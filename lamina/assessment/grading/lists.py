"""Grades a list: every item of the reference, in any order, and no other."""

import re
from collections.abc import Sequence
from dataclasses import replace

from lamina.assessment.grading.asides import Placed, stated
from lamina.assessment.grading.dates import Date, agree, dates
from lamina.assessment.grading.figures import Figure, figures
from lamina.assessment.grading.numbers import agrees, counted
from lamina.assessment.grading.spans import same_words
from lamina.assessment.grading.words import FILLER, content, find, variants, words

RIGHT = "every item, and no other"
MISSING = "an item is missing"
OTHERS = "other items beside it"

_NUMBERING = re.compile(r"(?:^|(?<=[\s,;]))\s*(?:\(?\d{1,2}[.)]|[-*\u2022])\s+", re.MULTILINE)
_LINE = re.compile(r"^[ \t]*(?:\(?\d{1,2}[.)]|[-*\u2022])[ \t]+(\S.*)$", re.MULTILINE)
_HEAD = re.compile(r":\s|\s-\s|(?<=\w)\.\s")
_BORDER = re.compile(r"[,;\n]|\band\b(?=[^,;\n]*\Z)")
_VERB = frozenset({
    "is", "are", "was", "were", "be", "include", "included", "including", "comprise", "consist",
    "following", "namely", "has", "have", "had", "offer", "operate", "report", "name",
})  # fmt: skip
_TRAILER = frozenset({
    "for", "in", "during", "as", "at", "according", "per", "under", "which", "that", "respectively",
    "based", "on", "from", "to", "are", "is", "were", "was", "make",
})  # fmt: skip
_LONGEST_TRAILER = 12  # words


def grade_list(answer: str, reference: str, question: str) -> tuple[bool, str]:
    """Whether the answer gives the items of the reference and nothing else, and why.

    Items stand between semicolons, commas, line ends, or after the last `and`. A scale that stands
    after the last of several figures is that of all.
    """
    if only_dates(reference):
        return _dates(answer, dates(reference), question)
    if only_figures(reference):
        return _figures(answer, shared(figures(reference)), question)
    answer, reference = (_NUMBERING.sub("; ", text) for text in (_heads(answer), reference))
    results = [_texts(one, reference, question) for one in variants(answer)]
    return next((one for one in results if one[0]), results[0])


def _heads(answer: str) -> str:
    """The items of a list of several lines, without what is said of each after it."""
    items = list(_LINE.finditer(answer))
    if len(items) < 2:  # noqa: PLR2004 - a list
        return answer
    heads = (_HEAD.split(found[1], maxsplit=1)[0] for found in items)
    return "; ".join([answer[: items[0].start()], *heads])


def only_dates(text: str) -> bool:
    """Whether a text is a list of dates."""
    found = dates(text)
    return len(found) > 1 and not _beside(text, found)


def only_figures(text: str) -> bool:
    """Whether a text is a list of figures."""
    found = figures(text)
    return len(found) > 1 and not _beside(text, found)


def shared(found: Sequence[Figure]) -> list[Figure]:
    """Figures with the scale and the percent that stand after the last of them only."""
    if not found:
        return []
    last = found[-1]
    if last.scale != 1 and all(one.scale == 1 for one in found[:-1]):
        found = [replace(one, scale=last.scale) for one in found]
    if last.share and not any(one.share for one in found[:-1]):
        found = [replace(one, share=last.share) for one in found]
    return list(found)


def _beside(text: str, found: Sequence[Placed]) -> list[str]:
    for one in reversed(found):
        text = f"{text[: one.start]} {text[one.end :]}"
    return [word for word in content(text) if word not in FILLER]


def _dates(answer: str, meant: Sequence[Date], question: str) -> tuple[bool, str]:
    asked = {one.known for one in dates(question)} - {one.known for one in meant}
    said = [one for one in stated(answer, dates(answer)) if one.known not in asked]
    nothing: frozenset[int] = frozenset()
    return _paired([[agree(one, other, nothing) for other in meant] for one in said], len(meant))


def _figures(answer: str, meant: Sequence[Figure], question: str) -> tuple[bool, str]:
    found = counted(answer)
    asked = {(one.number, one.share) for one in figures(question)}
    wanted = {(one.number, one.share) for one in meant}
    said = shared([one for one in found if (one.number, one.share) not in asked - wanted])
    table = [[agrees(one, other, question) for other in meant] for one in said]
    return _paired(table, len(meant))


def _paired(table: Sequence[Sequence[bool]], n_meant: int) -> tuple[bool, str]:
    """Whether what is said and what is meant go together one to one (said: rows)."""
    free = set(range(n_meant))
    for row in table:
        at = next((at for at in free if row[at]), None)
        if at is None:
            return False, OTHERS
        free.remove(at)
    return (False, MISSING) if free else (True, RIGHT)


def _texts(answer: str, reference: str, question: str) -> tuple[bool, str]:
    said = words(answer)
    taken = [False] * len(said)
    items = [item for item in _BORDER.split(reference.replace("(", ", (")) if content(item)]
    items = items if ";" not in reference else [i for i in reference.split(";") if content(i)]
    if not items:  # nothing but signs and words that say nothing
        return (True, RIGHT) if same_words(answer, reference) else (False, MISSING)
    for item in sorted(items, key=lambda item: -len(words(item))):
        if not any(_take(words(variant), said, taken) for variant in variants(item.strip())):
            return False, MISSING
    free = FILLER | set(words(question))
    others = [
        word
        for word, was, spare in zip(said, taken, _spare(said, taken), strict=True)
        if not (was or spare or word in free)
    ]
    return (False, OTHERS) if others else (True, RIGHT)


def _take(item: list[str], said: list[str], taken: list[bool]) -> bool:
    """Mark the first run of words that is the item and belongs to no other."""
    item = [word for word in item if word not in {"and", "the", "or"}] or item
    places = [
        at for at, word in enumerate(said) if not taken[at] and word not in {"and", "the", "or"}
    ]
    at = find(item, [said[place] for place in places])
    if at < 0 or not item:
        return False
    for place in places[at : at + len(item)]:
        taken[place] = True
    return True


def _spare(said: list[str], taken: list[bool]) -> list[bool]:
    """The words that introduce the list and those that round it off."""
    first = taken.index(True)
    last = len(taken) - 1 - taken[::-1].index(True)
    verbs = [at for at in range(first) if said[at] in _VERB]
    after = said[last + 1 :]
    ends = bool(after) and after[0] in _TRAILER and len(after) <= _LONGEST_TRAILER
    return [at <= max(verbs, default=-1) or (ends and at > last) for at in range(len(said))]
