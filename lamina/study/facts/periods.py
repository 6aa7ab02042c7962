"""Periods: from a column's head, a caption or a label to the words that a question says it in."""

import re
from dataclasses import dataclass
from typing import Literal

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
_YEAR = r"(?:19|20)\d\d"
_SPAN = r"(?:fiscal\s+)?(?:years?|quarters?|(?:three|six|nine|twelve)\s+months|\d{2}\s+weeks)"
DATE = re.compile(
    rf"\b(?P<month>{_MONTHS}|{_SHORT})\.?\s+(?P<day>\d{{1,2}}),?\s+(?P<year>{_YEAR})\b",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    rf"(?:(?P<prep>for|in|as of|as at|at|during|on|through)\s+)?(?:the\s+)?"
    rf"(?:(?P<span>{_SPAN})\s+ended:?\s+(?:on\s+)?)?"
    rf"(?:(?P<fiscal>fiscal(?:\s+years?)?|years?|FY)\s*)?"
    rf"(?:(?P<month>{_MONTHS}|{_SHORT})\.?\s+(?P<day>\d{{1,2}}),?\s+)?(?P<year>{_YEAR})\b",
    re.IGNORECASE,
)
_SPAN_ONLY = re.compile(rf"\b(?P<span>{_SPAN})\s+ended\b:?", re.IGNORECASE)
_PART = re.compile(
    rf"\b(?:as of|at|for the|(?:{_MONTHS}|{_SHORT})\.?\s+\d{{1,2}},?|fiscal|years?|ended|balance)",
    re.IGNORECASE,
)
_FULL = {name[:3].casefold(): name for name in _MONTHS.split("|")}
_EARLY = frozenset(
    ("January", "February")
)  # a year that ends so early may be called by the one before

How = Literal["year", "span", "at", "bare"]


@dataclass(frozen=True, slots=True)
class Period:
    """When a figure is of. `how` tells what the page says of it."""

    how: How
    year: str
    date: str = ""  # such as June 30, 2022
    span: str = ""  # such as three months
    is_day: bool = False  # the page says `at` or `as of`

    @property
    def key(self) -> str:
        """What makes two periods of one page the same."""
        return f"{self.span}|{self.date}|{self.year}"


def periods_in(text: str) -> tuple[list[Period], str]:
    """The periods that a text names, in order, and the text without them."""
    found: list[Period] = []
    rest: list[str] = []
    end = 0
    for match in _PERIOD.finditer(text):
        found.append(_period(match))
        rest.append(text[end : match.start()])
        end = match.end()
    rest.append(text[end:])
    return found, " ".join(" ".join(rest).split())


def span_in(text: str) -> str:
    """`years`, `three months`, ... of a head such as `Years ended`; empty where it names none."""
    found = _SPAN_ONLY.search(text)
    return _span(found["span"]) if found else ""


def without_spans(text: str) -> str:
    """The text without `Years ended` and the like."""
    return " ".join(_SPAN_ONLY.sub("", text).split()).strip(" ,")


def has_year(text: str) -> bool:
    """Whether a text names a year."""
    return re.search(rf"\b{_YEAR}\b", text) is not None


def is_head(text: str) -> bool:
    """Whether a text is nothing but a period or a part of one, such as `June 30,`."""
    _, rest = periods_in(text)
    rest = _PART.sub("", _SPAN_ONLY.sub("", rest))
    return bool(text.strip()) and not rest.strip(" ,:.&")


def _period(match: re.Match[str]) -> Period:
    year = match["year"]
    date = ""
    if match["month"]:
        month = _FULL[match["month"][:3].casefold()]
        date = f"{month} {int(match['day'])}, {year}"
    span = _span(match["span"] or "")
    if span == "year" or (match["fiscal"] and not date):
        return Period("year" if date or match["fiscal"] else "bare", year, date, "year")
    if span:
        return Period("span", year, date, span)
    is_day = (match["prep"] or "").casefold() in {"at", "as of", "as at", "on"}
    return Period("at", year, date, is_day=is_day) if date else Period("bare", year)


def _span(text: str) -> str:
    words = " ".join(text.casefold().split()).removeprefix("fiscal ")
    return {"years": "year", "quarters": "quarter"}.get(words, words)


def said(period: Period, *, flow: bool | None, fiscal: bool) -> list[str]:
    """Ways to say a period, each such as `in fiscal 2022`; the first one is the plainest.

    `flow` says that the figure is of a time, not of a day, if that is known; `fiscal` that the
    document counts its years so. A year that ends in January or February is only named by its date.
    """
    date, year = period.date, period.year
    is_early = date.split(" ")[0] in _EARLY
    match period.how:
        case "year" if date:
            told = [f"for the year ended {date}", f"in the year ended {date}"]
            if is_early:
                return told
            return [f"in fiscal {year}", *told, f"in fiscal year {year}"]
        case "span":
            return [
                f"for the {period.span} ended {date or year}",
                f"in the {period.span} ended {date or year}",
            ]
        case "at" if flow and not period.is_day:
            return [f"for the period ended {date}", f"in the period ended {date}"]
        case "at" if flow is None and not period.is_day:
            return [f"under {date}", f"in the column {date}"]
        case "at":
            return [f"at {date}", f"as of {date}", f"on {date}"]
        case "year":
            return [f"in fiscal {year}", f"for fiscal {year}", f"in fiscal year {year}"]
    if fiscal:
        return [f"in fiscal {year}", f"for fiscal {year}", f"for {year}"]
    return [f"in {year}", f"for {year}", f"for the year {year}"]
