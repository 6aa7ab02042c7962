"""Finds the figures in a text: value, scale, sign, currency, percent, and how exact they are.

English notation: a decimal point, commas between thousands. A decimal comma is not understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from lamina.assessment.grading import units
from lamina.assessment.grading.number_words import PATTERN, number_in_words

# "either": the words do not tell, as with a loss of 5; "down": a fall, whose sign the question may
# already have taken in.
Sign = Literal["+", "-", "down", "either"]

_CORE = re.compile(
    rf"""
    (?<![\w.]) (?<![a-z]-)
    (?P<open>\(\s?)?
    (?P<minus>-\s?|minus\s+|negative\s+)?
    (?:(?P<currency>{units.BEFORE})\s?)?
    (?P<minus_after>-\s?)?
    (?P<open_after>\(\s?)?
    (?P<number>\d[\d,]{{0,60}}(?:\.\d{{1,30}})?|\.\d{{1,30}}|\b{PATTERN}\b)
    (?!\d)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z")
_FORM = re.compile(r"-[A-Z]{1,2}\b|(?:st|nd|rd|th)\b")  # 10-K, 3rd: names, no figures
_DOWN = re.compile(
    r"\b(?:decreas\w*|declin\w*|fell|fall\w*|drop\w*|down|reduc\w*|lower\w*|shr[aiu]nk\w*)\b",
    re.IGNORECASE,
)
_LOSS = re.compile(r"\b(?:loss(?:es)?|deficits?|outflows?)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:.!?\n](?!\d)|\b(?:and|but|while|to)\b", re.IGNORECASE)
_NEAR = 40  # characters before a figure in which words tell its sign
_AFTER = re.compile(r"\W{0,2}(?:\w+\s){0,1}(?P<word>\w+)")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure in a text, without its sign; percent are percent, not hundredths."""

    number: Decimal  # as written
    step: Decimal  # what its last written digit counts
    digits: int  # significant ones, as written
    sign: Sign
    scale: Decimal  # that stands beside it; 1 where none does
    currency: str  # code, or empty
    share: Literal["", "percent", "points"]
    unit: str  # of time: month, day, hour; or empty
    many: int  # of that unit in one of the unit that is written
    bare: bool  # nothing stands beside its digits
    start: int
    end: int

    @property
    def value(self) -> Decimal:
        """With its scale, in its unit of time."""
        return self.number * self.scale * self.many


def figures(text: str) -> list[Figure]:
    """Every figure in the text (in the spelling of `plain`), in order."""
    found: list[Figure] = []
    at = 0
    while core := _CORE.search(text, at):
        at = core.end()
        for figure in _read(text, core, found[-1] if found else None):
            found.append(figure)
            at = max(at, figure.end)
    return found


def _read(text: str, core: re.Match[str], before: Figure | None) -> Iterator[Figure]:
    written = core["number"].rstrip(",")
    if _FORM.match(text, core.end()):
        return
    if "," in written and not _GROUPED.match(written):  # a list without spaces: 2019,2018
        for part in re.finditer(r"\d+(?:\.\d+)?", written):
            start = core.start("number") + part.start()
            piece = text[: start + len(part[0])]
            if alone := _CORE.match(piece, start):
                yield from _read(piece, alone, before)
        return
    number = _number(written)
    if number is None:
        return
    yield _figure(text, core, number, core.start("number") + len(written), before)


def _number(written: str) -> tuple[Decimal, int, int] | None:
    """Value, decimals and significant digits."""
    if not written[0].isdigit() and written[0] != ".":
        value = number_in_words(written)
        return None if value is None else (Decimal(value), 0, len(str(value)))
    bare = written.replace(",", "").rstrip(".")
    decimals = len(bare.partition(".")[2])
    return Decimal(bare), decimals, len(bare.replace(".", "").lstrip("0"))


def _figure(
    text: str,
    core: re.Match[str],
    number: tuple[Decimal, int, int],
    end: int,
    before: Figure | None,
) -> Figure:
    value, decimals, digits = number
    beside = _Beside(text, end)
    scale, share = beside.take(units.SCALE), beside.take(units.SHARE)
    named = beside.take(units.CURRENCY) if share is None else None
    time = beside.take(units.TIME) if share is None and named is None else None
    beside.close()
    bracketed = bool(core["open"] or core["open_after"]) and beside.closed
    start = core.end("open") if core["open"] and not beside.closed else core.start()
    before_it = units.currency_before(core["currency"] or "")
    unit, many = units.time_of(time) if time else ("", 1)
    hundredth = Decimal("0.01") if share and share["bp"] else Decimal(1)
    minus = bool(core["minus"] or core["minus_after"])
    return Figure(
        number=value * hundredth,
        step=Decimal(1).scaleb(-decimals) * hundredth,
        digits=digits,
        sign="-" if minus else _sign(text, start, beside.at, before, bracketed=bracketed),
        scale=units.scale_of(scale) if scale else Decimal(1),
        currency=before_it or (units.currency_after(named) if named else ""),
        share="" if share is None else "percent" if share["percent"] else "points",
        unit=unit,
        many=many,
        bare=text[start : beside.at].isdigit(),
        start=start,
        end=beside.at,
    )


class _Beside:
    """Takes what stands after a figure, piece by piece; a bracket may close after each."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.at = at
        self.closed = False

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.close()
        found = pattern.match(self._text, self.at)
        if found:
            self.at = found.end()
        return found

    def close(self) -> None:
        if not self.closed and self._text[self.at : self.at + 1] == ")":
            self.at, self.closed = self.at + 1, True


def _sign(text: str, start: int, end: int, before: Figure | None, *, bracketed: bool) -> Sign:
    """The sign that brackets and words around a figure give it."""
    if bracketed:  # said again in brackets, as in ten (10) years, it has no sign
        again = before is not None and not text[before.end : start].strip()
        return "either" if again else "-"
    clause = _CLAUSE.split(text[max(0, start - _NEAR) : start])[-1]
    after = _AFTER.match(text, end)
    words = f"{clause} {after['word'] if after else ''}"
    if _DOWN.search(words):
        return "down"
    return "either" if _LOSS.search(words) else "+"
