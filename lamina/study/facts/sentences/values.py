"""Amounts, shares, times and dates in running text, as they can be answered."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from lamina.study.facts.periods import DATE

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
VALUE = re.compile(
    rf"(?:(?:approximately|about|nearly|less than|more than|over|up to|at least)\s+)?"
    rf"(?:(?P<currency>[$\u20ac\u00a3]|US\$)\s?\(?(?P<money>{_NUMBER})\)?(?:\s+(?P<scale>thousand|million|billion))?"
    rf"|(?P<share>{_NUMBER})\s?(?:%|percent\b|percentage points\b|basis points\b)"
    rf"|(?P<count>{_NUMBER})\s+(?:(?P<counted>thousand|million|billion)\s+)?(?P<unit>(?:\w+[\s-]){{0,2}}?"
    r"(?:years?|months|days|shares|employees|options|units|rsus|psus|stores|countries|facilities|"
    r"properties|segments|states|restaurants|aircraft|customers))\b)",
    re.IGNORECASE,
)
_LONG = 10  # characters of an amount that needs no scale: 10,000,000
_ANY_FIGURE = re.compile(r"\d[\d,.]*")


class Value(NamedTuple):
    """A figure with its unit, and where it stands."""

    text: str
    start: int
    end: int
    is_certain: bool  # whether its scale is


def values(text: str) -> Iterator[Value]:
    """The figures of a sentence that an answer may be, from the left."""
    for found in VALUE.finditer(text):
        end = found.end()
        said = text[found.start() : end].rstrip()
        last = found.start() + len(said)
        is_whole = not (text[end : end + 1].isdigit() or _goes_on(text, end))
        is_certain = is_whole and _is_certain(found)
        said = re.sub(r"(?<=[$\u20ac\u00a3])\s", "", said)
        yield Value(said, found.start(), last, is_certain)


def dates(text: str) -> Iterator[Value]:
    """The dates of a sentence."""
    for found in DATE.finditer(text):
        yield Value(found.group(), found.start(), found.end(), is_certain=True)


def figures(text: str) -> int:
    """How many figures a text has."""
    return len(_ANY_FIGURE.findall(text))


def _goes_on(text: str, end: int) -> bool:
    """`$2 to $3 million`, `1-3%`: a part of a range is no answer."""
    return (
        re.match(r"\s?(?:-|\u2013|to\b|and\b|or\b|,)\s?[$\u20ac\u00a3]?\d", text[end : end + 8])
        is not None
    )


def _is_certain(found: re.Match[str]) -> bool:
    """Whether no scale is missing: an amount in a table's style may be one of millions."""
    if found["currency"] is None or found["scale"]:
        return True
    digits = found["money"]
    has_cents = re.search(r"\.\d\d(?:\d\d)?\Z", digits) is not None
    return len(digits) >= _LONG or (has_cents and len(digits) <= len("999.99"))
