"""How much of what stands on a page some row teaches: the figures on it. Pure."""

import re
from collections.abc import Iterable

from lamina.study.rows import StudyRow

_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_FEWEST_SIGNS = 2  # a single digit is a footnote's mark as often as a figure


def figures(text: str) -> frozenset[str]:
    """The different figures of a text, without years and single digits, commas left out."""
    found = (figure.replace(",", "") for figure in _FIGURE.findall(text))
    return frozenset(one for one in found if len(one) >= _FEWEST_SIGNS and not _YEAR.fullmatch(one))


def taught(text: str, rows: Iterable[StudyRow]) -> tuple[int, int]:
    """How many of the figures of a page stand in an answer about it, and how many there are."""
    there = figures(text)
    said = frozenset().union(*(figures(f"{row.answer} {row.question}") for row in rows))
    return len(there & said), len(there)
