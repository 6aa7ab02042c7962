"""Figures as tables print them: digits, sign, currency, unit.

`(58)` is below nought, `(1)` behind a label is a footnote's mark, `1,2345` is a number with a mark
glued to it. Decimal commas are not read: a page that has some is left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

CURRENCIES = "$\u20ac\u00a3\u00a5"
_WELL_FORMED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,4})?|\d{1,9}(?:\.\d{1,4})?|\.\d{1,4}")
_UNIT = r"%|years?\b|months?\b|basis points|bps|x\b"
# Bounded repetition and no nesting: hostile text must not make the match slow.
_TOKEN = re.compile(
    rf"(?P<figure>[{CURRENCIES}]?\s?\(?\s?[-\u2212]?\s?[{CURRENCIES}]?\s?(?P<digits>[\d.,]*\d)"
    rf"\s?\)?\s?(?P<unit>{_UNIT})?\s?\)?)"
    rf"|(?P<none>[{CURRENCIES}]?\s?(?:[\u2014\u2013-]+\s?%?|n/?[am]\b\.?|n\.m\.|nil\b|\*{{1,2}}))"
    rf"|(?P<currency>[{CURRENCIES}])"
    r"|(?P<close>\)\s?%?|%)"
    r"|(?P<mark>(?:\([a-z]{1,2}\))+)",
    re.IGNORECASE,
)
_DECIMAL_COMMA = re.compile(
    r"(?<![\d.,])\d{1,3}(?:\.\d{3})+,\d{1,2}(?![\d,])|(?<![\d.,])\d+,\d{1,2}(?![\d,])"
)
_YEAR = re.compile(r"(?:19|20)\d\d")

Kind = Literal["figure", "none", "text"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is printed: `digits` keep their commas."""

    digits: str
    negative: bool = False
    bracketed: bool = False  # how it is printed below nought: in brackets, or with a minus
    currency: str = ""
    unit: str = ""  # %, years, months, basis points, x

    @property
    def is_well_formed(self) -> bool:
        """Whether the digits are grouped as English has it."""
        return _WELL_FORMED.fullmatch(self.digits) is not None

    @property
    def decimals(self) -> int:
        """How many digits stand behind the point."""
        return len(self.digits.partition(".")[2])

    @property
    def is_year(self) -> bool:
        """Whether it may be a year as well as an amount."""
        bare = not (self.currency or self.unit or self.negative)
        return bare and _YEAR.fullmatch(self.digits) is not None


class Token(NamedTuple):
    """A piece of a cell, with its first and last place in the cell's text."""

    kind: Literal["figure", "none", "currency", "close", "mark"]
    start: int
    end: int
    figure: Figure | None = None


def tokens(text: str) -> list[Token]:
    """The figures, dashes, signs and marks that make up a cell; none where it has words, too."""
    return list(_tokens(text)) if _is_made_of_them(text) else []


def _is_made_of_them(text: str) -> bool:
    place = 0
    for token in _tokens(text):
        if text[place : token.start].strip():
            return False
        place = token.end
    return place > 0 and not text[place:].strip()


def _tokens(text: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if found["figure"]:
            yield Token(
                "figure", found.start(), found.start() + len(found[0].rstrip()), _figure(found)
            )
        elif kind in {"none", "currency", "close", "mark"}:
            yield Token(kind, found.start(), found.start() + len(found[0].rstrip()))  # type: ignore[arg-type]


def _figure(found: re.Match[str]) -> Figure:
    text = found["figure"]
    currency = next((char for char in text if char in CURRENCIES), "")
    before = text[: text.index(found["digits"])]
    bracketed = "(" in before
    negative = bracketed or "-" in before or "\u2212" in before
    unit = (found["unit"] or "").casefold()
    return Figure(found["digits"], negative, bracketed, currency, unit)


def has_decimal_commas(text: str) -> bool:
    """Whether a page writes `1.234,5` or `12,5`."""
    return _DECIMAL_COMMA.search(text) is not None
