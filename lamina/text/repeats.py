"""Exam questions that were trained on: the same words, the same once spelled alike, or nearly.

Nearly: four fifths of the words, with the same figures and the same names. A question about another
year or another company is another question, however alike the two sound.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

NEAR = 0.8  # of the words of both (Jaccard)
_WORD = re.compile(r"\d[\d.,]*|\w+")
_ARTICLES = frozenset(("a", "an", "the"))

How = Literal["exact", "normalised", "near"]
_ORDER: tuple[How, ...] = ("exact", "normalised", "near")


@dataclass(frozen=True, slots=True)
class Repeat:
    """An exam question that counts as trained on."""

    place: int  # of the exam question, from 0
    how: How
    trained: str  # the question of training


def repeats(
    exam: Sequence[str], trained: Iterable[str], *, near: float = NEAR
) -> dict[int, Repeat]:
    """The exam questions that training had, by place; of several, the closest one.

    Memory goes with the exam: training questions are read one at a time.
    """
    known = Exam(exam, near)
    found: dict[int, Repeat] = {}
    for question in trained:
        for repeat in known.like(question):
            before = found.get(repeat.place)
            if before is None or _ORDER.index(repeat.how) < _ORDER.index(before.how):
                found[repeat.place] = repeat
    return found


class Exam:
    """Exam questions, found by the words of which a like one must have at least one."""

    def __init__(self, exam: Sequence[str], near: float = NEAR) -> None:
        self._near = near
        self._exam = [_Asked.of(question) for question in exam]
        frequency: dict[str, int] = defaultdict(int)
        for asked in self._exam:
            for word in asked.words:
                frequency[word] += 1
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, asked in enumerate(self._exam):
            rarest = sorted(asked.words, key=lambda word: (frequency[word], word))
            for word in rarest[: len(rarest) - ceil(near * len(rarest)) + 1]:
                self._places[word].append(place)

    def like(self, question: str) -> Iterator[Repeat]:
        """The exam questions that this one repeats."""
        asked = _Asked.of(question)
        places = {place for word in asked.words for place in self._places.get(word, ())}
        for place in places:
            if how := self._how(self._exam[place], asked):
                yield Repeat(place, how, question)

    def _how(self, one: "_Asked", other: "_Asked") -> How | None:
        if one.text == other.text:
            return "exact"
        if one.spelled == other.spelled:
            return "normalised"
        both = len(one.words & other.words)
        is_near = both >= self._near * (len(one.words) + len(other.words) - both)
        same_names = one.names <= other.words and other.names <= one.words
        return "near" if is_near and one.figures == other.figures and same_names else None


@dataclass(frozen=True, slots=True)
class _Asked:
    text: str
    spelled: tuple[str, ...]
    words: frozenset[str]
    figures: frozenset[str]
    names: frozenset[str]  # capitalised words behind the first one

    @classmethod
    def of(cls, question: str) -> "_Asked":
        raw = [word.rstrip(".,") for word in _WORD.findall(question)]
        spelled = tuple(word.casefold() for word in raw if word.casefold() not in _ARTICLES)
        return cls(
            " ".join(question.split()),
            spelled,
            frozenset(spelled),
            frozenset(word for word in spelled if word[0].isdigit()),
            frozenset(word.casefold() for word in raw[1:] if word[0].isupper()) - _ARTICLES,
        )
