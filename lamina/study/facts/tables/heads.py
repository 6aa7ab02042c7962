"""What the head of a column says: a period, a title, a scale; or why that is not certain."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from lamina.study.facts.periods import Period, periods_in, span_in, without_spans
from lamina.study.facts.tables.labels import clean
from lamina.study.facts.tables.scales import Scales, scales_in, without_scales

_CHANGE = re.compile(
    r"\b(?:change|changes|variance|vs\.?|versus|increase|decrease|inc|dec|chg)\b", re.IGNORECASE
)
_NAMED_BY_YEAR = re.compile(r"(?<!, )\b(?:19|20)\d\d\s+[A-Z][a-z]")  # `2019 Restructuring Plan`
_LEVEL = re.compile(r"\blevel [123]\b", re.IGNORECASE)
_FIGURES = re.compile(r"[\d%$]")
_NO_TITLE = re.compile(r"(?:the|fiscal|years?|at|as of|for|in|balance|,|\s)*", re.IGNORECASE)


class Head(NamedTuple):
    """A column's head; `period` and `title` may be missing."""

    period: Period | None
    title: str
    scales: Scales
    problem: str = ""


def head_of(prefix: str, pieces: Sequence[str]) -> Head:
    """A head from its pieces, the topmost first; `prefix` is said of all columns."""
    if not pieces:
        return Head(None, "", Scales(), "no-head")
    scales = scales_in(pieces)
    text = " ".join((prefix, *filter(None, map(without_scales, pieces)))).strip()
    found, rest = periods_in(text)
    if len({period.key for period in found}) > 1:
        return Head(None, "", scales, "two-periods")
    if any(map(_NAMED_BY_YEAR.search, pieces)):
        return Head(None, "", scales, "unclear-head")
    period = found[0] if found else None
    title = clean(rest).strip(" ,")
    span = span_in(text)
    if period and span and not period.span:
        period = replace(period, how="year" if span == "year" else "span", span=span)
        title = without_spans(title)
    if period and _NO_TITLE.fullmatch(title):
        title = ""
    if _CHANGE.search(title) or _FIGURES.search(_LEVEL.sub("", title)):
        return Head(None, "", scales, "unclear-head")
    return Head(period, title, scales)
