"""Grades a figure: scale, sign, currency, percent or points, and as exact as the reference is."""

import re
from collections.abc import Collection, Sequence
from decimal import Decimal

from lamina.assessment.grading.asides import is_alternative, is_name, stated, without_comparisons
from lamina.assessment.grading.dates import dates
from lamina.assessment.grading.figures import Figure, figures

RIGHT = "the figure agrees"
MISSING = "no figure"
SEVERAL = "several figures"
WRONG = "another figure"
WRONG_SIGN = "another sign"
WRONG_SCALE = "another scale or unit"

_FALLS = re.compile(r"\b(?:decreas|declin|fall|fell|drop|reduc|lower)", re.IGNORECASE)
_EITHER_WAY = re.compile(r"\b(?:increas|chang|rise|rose|higher|growth)", re.IGNORECASE)
_IN_PERCENT = re.compile(r"%|\b(?:percent|per cent|percentage|rate|share|margin)", re.IGNORECASE)
_NOTHING = re.compile(r"\A\W*(?:none|nil|nothing|no)\b", re.IGNORECASE)
_FEWEST_DIGITS = 3  # of a figure rounded more than the reference: 3.75 billion, 3,747 million
_ROUND_DIGITS = 2  # of a reference that a more exact figure may round to; 5 is not 4.6
_BRIEF = 4  # words of an answer in which `one` is a figure and no pronoun


def grade_figure(answer: str, references: Sequence[Figure], question: str) -> tuple[bool, str]:
    """Whether the one figure that is stated agrees with a reference, and why.

    A figure without scale, currency or unit is read in the reference's. Figures of the question,
    dates, numbers of notes and what something is compared with are not counted.
    """
    if any(r.number == 0 for r in references) and _NOTHING.match(answer):
        return True, RIGHT
    said = _said(answer, references, question)
    if not said:
        return False, MISSING
    right = [one for one in said if _agrees(one, references, question)]
    if len(right) == len(said):
        return True, RIGHT
    if right or len({(one.value, one.share) for one in said}) > 1:
        return False, SEVERAL
    return False, _why(said[0], references)


def agrees(said: Figure, meant: Figure, question: str, *, finest: bool = True) -> bool:
    """Whether two figures are one: in sign, in unit, and as far as their digits go.

    `finest`: no reference is more exact than `meant`, so that what is more exact may round to it.
    """
    signs = _signs(said, question) & _signs(meant, question)
    if not signs and said.number:
        return False
    return any(
        _near(said, one, meant, other, finest=finest)
        for one, other in _comparable(said, meant, question)
    )


def counted(text: str) -> list[Figure]:
    """The figures of a text that are no dates and belong to no names."""
    timed = dates(text)
    all_ = [one for one in figures(text) if not is_name(text, one.start, one.end)]
    found = [one for one in all_ if not any(one.start < d.end and d.start < one.end for d in timed)]
    if len(text.split()) > _BRIEF:
        found = [one for one in found if text[one.start : one.end].strip().casefold() != "one"]
    return found or all_


def _said(answer: str, references: Sequence[Figure], question: str) -> list[Figure]:
    """What the answer states; of a calculation, its result."""
    answer = without_comparisons(answer.rpartition("=")[2].strip() or answer)
    found = stated(answer, counted(answer))
    asked = figures(question)
    shares = {one.share for one in references}
    kept = []
    for one in found:
        named = any(one.number == a.number and one.share == a.share for a in asked)
        beside = len(found) > 1 and _of_another_kind(one, shares)
        aside = (named or beside) and not is_alternative(answer, one)
        if not aside or _agrees(one, references, question):
            kept.append(one)
    return kept


def _of_another_kind(figure: Figure, shares: Collection[str]) -> bool:
    """Whether a figure says something else than what is asked: 1,234 (up 5 %)."""
    if "percent" in shares:
        return bool(figure.currency or figure.unit)
    return bool(figure.share) and "" in shares


def _agrees(said: Figure, references: Sequence[Figure], question: str) -> bool:
    finest = min(one.step * one.scale * one.many for one in references)
    return any(
        agrees(said, one, question, finest=one.step * one.scale * one.many == finest)
        for one in references
    )


def _signs(figure: Figure, question: str) -> set[int]:
    match figure.sign:
        case "+":
            return {1}
        case "-":
            return {-1}
        case "either":
            return {1, -1}
    falls = _FALLS.search(question) and not _EITHER_WAY.search(question)
    return {1, -1} if falls else {-1}


def _comparable(said: Figure, meant: Figure, question: str) -> list[tuple[Decimal, Decimal]]:
    """By what factors the two numbers may be compared; none where they are of different kinds."""
    if said.currency and meant.currency and said.currency != meant.currency:
        return []
    if (said.currency and (meant.unit or meant.share)) or (meant.currency and said.unit):
        return []
    if said.unit and meant.unit and said.unit != meant.unit:
        return []
    if said.share != meant.share:
        return _shares(said, meant, question)
    whole = (said.scale * said.many, meant.scale * meant.many)
    ways = [whole]
    if (said.scale == 1) != (meant.scale == 1) and said.scale == 1:
        ways.append((Decimal(said.many), Decimal(meant.many)))
    if bool(said.unit) != bool(meant.unit):
        ways.extend([(one / said.many, other / meant.many) for one, other in ways])
    return ways


def _shares(said: Figure, meant: Figure, question: str) -> list[tuple[Decimal, Decimal]]:
    one = Decimal(1)
    plain = not (said.currency or said.unit or said.scale != 1)
    if not said.share:
        return [(one, one)] if plain else []
    if meant.share or meant.currency or meant.unit or meant.scale != 1:
        return []  # percent are no points, and neither are amounts
    ways = [(Decimal("0.01"), one)]
    return [*ways, (one, one)] if _IN_PERCENT.search(question) else ways


def _near(said: Figure, one: Decimal, meant: Figure, other: Decimal, *, finest: bool) -> bool:
    value, step = said.number * one, said.step * one
    target, target_step = meant.number * other, meant.step * other
    if value == target:
        return True
    apart = abs(value - target)
    if step < target_step:
        return finest and meant.digits >= _ROUND_DIGITS and apart <= target_step / 2
    return step > target_step and said.digits >= _FEWEST_DIGITS and apart <= step / 2


def _why(said: Figure, references: Sequence[Figure]) -> str:
    if any(said.value == one.value and said.share == one.share for one in references):
        return WRONG_SIGN
    return WRONG_SCALE if any(said.number == one.number for one in references) else WRONG
