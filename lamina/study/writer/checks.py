"""What must be true of a written question, so that it teaches what the page says. Pure."""

import re
from collections.abc import Callable, Mapping

from lamina.study.passage import Passage
from lamina.study.writer.asking import Written, is_unsure

_MOST_WORDS = 40  # of an answer
_FEWEST_QUESTION_WORDS = 4
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_NAME = re.compile(r"\b[A-Z][\w&.'-]*\w")
_POINTING = re.compile(
    r"\b(?:the (?:page|text|table|document|company)|this (?:year|page|table)|above|below)\b",
    re.IGNORECASE,
)
_SENTENCE_WORDS = frozenset(
    {"The", "A", "An", "It", "They", "Yes", "No", "In", "On", "At", "By", "For", "And", "There"}
)


def _is_question(one: Written, _: Passage) -> bool:
    words = len(one.question.split())
    return one.question.endswith("?") and words >= _FEWEST_QUESTION_WORDS


def _names_its_subject(one: Written, passage: Passage) -> bool:
    first = (passage.company.split() or [""])[0]
    return bool(first) and first.casefold() in one.question.casefold()


def _stands_alone(one: Written, _: Passage) -> bool:
    return _POINTING.search(one.question) is None


def _is_short(one: Written, _: Passage) -> bool:
    return len(one.answer.split()) <= _MOST_WORDS


def _figures_stand_there(one: Written, passage: Passage) -> bool:
    there = _numbers(passage.page.text)
    known = there | _numbers(f"{passage.period} {passage.title}")
    return _numbers(one.answer) <= there and _numbers(one.question) <= known


def _names_stand_there(one: Written, passage: Passage) -> bool:
    there = f"{passage.page.text} {passage.company} {passage.title}".casefold()
    names = set(_NAME.findall(one.answer)) - _SENTENCE_WORDS
    return all(name.casefold() in there for name in names)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(number.replace(",", "") for number in _NUMBER.findall(text))


CHECKS: Mapping[str, Callable[[Written, Passage], bool]] = {
    "question": _is_question,
    "subject": _names_its_subject,
    "alone": _stands_alone,
    "short": _is_short,
    "figures": _figures_stand_there,
    "names": _names_stand_there,
}


def failed(one: Written, passage: Passage) -> str:
    """The first check that it does not pass; empty where it passes all."""
    return next((name for name, holds in CHECKS.items() if not holds(one, passage)), "")


def is_known_anyway(answer: str, blind: str) -> bool:
    """Whether the writer gave the answer without the page, and surely."""
    if is_unsure(blind):
        return False
    numbers = _numbers(answer)
    if numbers:
        return numbers <= _numbers(blind)
    return " ".join(answer.casefold().split()).rstrip(".") in blind.casefold()
