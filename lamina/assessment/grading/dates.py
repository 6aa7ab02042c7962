"""Finds the dates in a text, each as exact as it is written: year, quarter, month, day."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?!\d|,\d{3}(?!\d))"
_FISCAL = r"(?:(?:fiscal\s+year|fiscal|fy)\s*'?)"
_QUARTER = (
    r"(?:(?:q(?P<quarter>[1-4])|(?P<named>first|second|third|fourth)(?:\s+fiscal)?\s+quarter"
    r"|(?P<before>[1-4])q)\b)"
)
_PATTERNS = tuple(
    re.compile(rf"(?<![\w.$€£]){pattern}(?!\w)", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}[-/](?P<number>[01]?\d)[-/]{_DAY}",
        rf"(?P<number>[01]?\d)/{_DAY}/(?P<year>(?:19|20)?\d\d)",
        rf"{_MONTH}\s+{_DAY},?\s+{_YEAR}",
        rf"{_DAY}\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}",
        rf"{_MONTH},?\s+(?:of\s+)?{_YEAR}",
        rf"{_YEAR}-(?P<number>[01]\d)",
        rf"{_MONTH}\s+{_DAY}(?![\d,]\d)",
        rf"{_DAY}\s+(?:of\s+)?{_MONTH}",
        rf"{_QUARTER}(?:\s+(?:of\s+)?{_FISCAL}?{_YEAR})?",
        rf"{_FISCAL}(?P<year>(?:19|20)?\d\d)(?!,\d)",
        # A figure of four digits is a year where nothing says that it counts something.
        rf"{_YEAR}(?!\.\d|\s?%|\s?(?:percent|per\s+cent|thousand|million|billion|shares|options)\b)",
    )
)
_NAMED = {"first": 1, "second": 2, "third": 3, "fourth": 4}


@dataclass(frozen=True, slots=True)
class Date:
    """What is known of a date; None for what is not written."""

    year: int | None
    quarter: int | None
    month: int | None
    day: int | None
    start: int
    end: int

    @property
    def known(self) -> tuple[int | None, ...]:
        """Year, quarter, month and day."""
        return self.year, self.quarter, self.month, self.day

    @property
    def is_year(self) -> bool:
        """Whether it is a year and no more."""
        return self.year is not None and self.quarter is None and self.month is None


def dates(text: str) -> list[Date]:
    """Every date in the text (in the spelling of `plain`), in order; 7/1/2021 is July 1."""
    return sorted(_dates(text), key=lambda date: date.start)


def _dates(text: str) -> Iterator[Date]:
    for pattern in _PATTERNS:
        for found in pattern.finditer(text):
            date = _date(found)
            if date is not None:
                yield date
                blank = " " * (date.end - date.start)
                text = f"{text[: date.start]}{blank}{text[date.end :]}"


def _date(found: re.Match[str]) -> Date | None:
    parts = found.groupdict()
    month = _month(parts)
    day = int(parts["day"]) if parts.get("day") else None
    if month is not None and month > 12 and day is not None and day <= 12:  # noqa: PLR2004 - 31/7/2021
        month, day = day, month
    if month is not None and not (1 <= month <= 12 and (day is None or 1 <= day <= 31)):  # noqa: PLR2004
        return None
    quarter = parts.get("quarter") or parts.get("before")
    named = parts.get("named")
    return Date(
        year=_year(parts.get("year")),
        quarter=_NAMED[named.casefold()] if named else int(quarter) if quarter else None,
        month=month,
        day=day,
        start=found.start(),
        end=found.end(),
    )


def _month(parts: dict[str, str | None]) -> int | None:
    if number := parts.get("number"):
        return int(number)
    name = parts.get("month")
    return _MONTHS.index(name[:3].casefold()) // 3 + 1 if name else None


def _year(written: str | None) -> int | None:
    """The year; two digits are those of 2000 to 2049, or else of the century before."""
    if written is None:
        return None
    year = int(written)
    return year if year > 99 else year + (2000 if year < 50 else 1900)  # noqa: PLR2004


def agree(said: Date, meant: Date, asked: frozenset[int]) -> bool:
    """Whether what is said gives all that is meant; a year of the question may be left out."""
    left_out = said.year is None and meant.year in asked
    return all(
        (
            meant.year is None or said.year == meant.year or left_out,
            meant.quarter is None or said.quarter == meant.quarter,
            meant.month is None or said.month == meant.month,
            meant.day is None or said.day == meant.day,
        )
    )
