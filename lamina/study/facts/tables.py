"""From the tables of a page to facts: every figure whose row, column, period and unit are certain."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lamina.study.facts.cells import Row, Slot
from lamina.study.facts.columns import column_at, heads_of
from lamina.study.facts.context import heading_over, lead_of, subject_of
from lamina.study.facts.facts import Fact
from lamina.study.facts.grids import Grid, grids
from lamina.study.facts.labels import Label, clean, labels
from lamina.study.facts.periods import Period, is_head, periods_in, said, span_in
from lamina.study.facts.scales import Scales, scales_in, without_scales
from lamina.study.facts.units import answer
from lamina.study.facts.wording import is_generic, is_year_label, says_enough
from lamina.study.passage import Passage
from lamina.study.rows import Dropped
from lamina.text.pages import Line

_RESTATED = re.compile(
    r"\b(?:restated|as adjusted|as reported|previously reported|recast|pro[\s-]?forma|as revised|adjustments?)\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?:change|changes|variance|vs\.?|versus|increase|decrease|inc|dec)\b|[%\u0394]\s*chg",
    re.IGNORECASE,
)
_FLOW = re.compile(
    r"\b(?:costs?|expenses?|income|revenues?|sales|provision|amortization|depreciation|paid|granted|additions?|"
    r"earnings|charges?|payments?|benefit|cash\s+(?:in|out)?flows?|purchases?|proceeds|contributions?|"
    r"for\s+the\s+(?:fiscal\s+)?(?:years?|periods?|three|six|nine|quarters?))\b",
    re.IGNORECASE,
)
_STOCK = re.compile(
    r"\b(?:assets?|liabilit(?:y|ies)|balances?|outstanding|payables?|receivables?|inventor(?:y|ies)|equity|"
    r"obligations?|remaining|accumulated|allowance|securities|debt|accrued|deferred|unrecognized|as\s+of|"
    r"goodwill|carrying|fair\s+values?|property|plant|equipment|exercisable|exercise price|maturities)\b",
    re.IGNORECASE,
)


class _Table(NamedTuple):
    """What is said of a whole table."""

    scales: Scales
    lead: str
    context: str
    from_heading: bool
    period: Period | None
    text: str  # all of its words, to tell flows from balances


class _Head(NamedTuple):
    """A column: its period, its title, its scale, or the problem."""

    period: Period | None
    title: str
    scales: Scales
    problem: str = ""


def table_facts(passage: Passage, lines: Sequence[Line]) -> Iterator[Fact | Dropped]:
    """Facts of all tables of the page, and what was not certain."""
    page = passage.page.number
    common = _page_scales(lines)
    for grid in grids(lines):
        if grid.problem:
            yield from _dropped(grid, grid.problem, page)
            continue
        heads = heads_of(grid.heads, grid.columns)
        if heads is None:
            yield from _dropped(grid, "unclear-head", page)
            continue
        table = _table(grid, lines, common)
        if _RESTATED.search(" ".join((table.lead, *grid.corner, *(t for h in heads for t in h)))):
            yield from _dropped(grid, "restated", page)
            continue
        prefix = " ".join(text for text in map(without_scales, grid.corner) if is_head(text))
        columns = [_head(prefix, pieces) for pieces in heads]
        yield from _facts(passage, grid, table, columns)


def _dropped(grid: Grid, reason: str, page: int) -> Iterator[Dropped]:
    for row in grid.rows:
        for slot in row.slots:
            if slot.kind == "figure":
                yield Dropped(reason, page, f"{row.label}: {slot.text}")


def _page_scales(lines: Sequence[Line]) -> Scales:
    """A scale that the head of the page says of all its tables."""
    return scales_in([line.text for line in lines[:4] if line.text.strip().startswith("(")])


def _table(grid: Grid, lines: Sequence[Line], common: Scales) -> _Table:
    lead = lead_of(grid.above)
    top = grid.above[-1].top if grid.above else 0.0
    context, from_heading = subject_of(lead), False
    if not context:
        context, from_heading = heading_over(lines, top), True
    scales = scales_in(grid.corner) or scales_in([lead], bracketed=True) or common
    found, _ = periods_in(lead)
    is_one = len(found) == 1 and not re.search(
        r"\b(?:19|20)\d\d\s*(?:,|and|to|through|-|\u2013)\s*(?:19|20)\d\d", lead
    )
    text = " ".join((lead, *(row.label for row in grid.rows[:40])))
    return _Table(scales, lead, context, from_heading, found[0] if is_one else None, text)


def _head(prefix: str, pieces: Sequence[str]) -> _Head:
    if not pieces:
        return _Head(None, "", Scales(), "no-head")
    scales = scales_in(pieces)
    text = " ".join((prefix, *filter(None, map(without_scales, pieces)))).strip()
    span = span_in(text)
    found, rest = periods_in(text)
    if len({period.key for period in found}) > 1:
        return _Head(None, "", scales, "two-periods")
    period = found[0] if found else None
    title = clean(re.sub(r"\s+", " ", rest)).strip(" ,")
    if period and span and not period.span:
        period = Period("year" if span == "year" else "span", period.year, period.date, span)
        title = clean(
            re.sub(
                r"\b(?:fiscal\s+)?(?:years?|quarters?|(?:three|six|nine|twelve) months)\s+ended\b:?",
                "",
                title,
                flags=re.IGNORECASE,
            )
        )
    if period and re.fullmatch(r"(?:the|fiscal|year|years|at|as of|for|in)?", title, re.IGNORECASE):
        title = ""
    if _CHANGE.search(title) or re.search(
        r"[\d%$]", re.sub(r"\blevel [123]\b", "", title, flags=re.IGNORECASE)
    ):
        return _Head(None, "", scales, "unclear-head")
    return _Head(period, title, scales)


def _facts(
    passage: Passage, grid: Grid, table: _Table, columns: Sequence[_Head]
) -> Iterator[Fact | Dropped]:
    room = grid.columns[0].left
    money = [""] * len(columns)
    for row, label in zip(grid.rows, labels(grid.rows, grid.between, room), strict=True):
        words = tuple(slot.text for slot in row.slots if slot.kind == "text")
        for slot in row.slots:
            if slot.kind == "text":
                continue
            place = column_at(grid.columns, slot.left, slot.right)
            if slot.figure and slot.figure.currency and place is not None:
                money[place] = slot.figure.currency
            if slot.kind != "figure":
                continue
            if place is None:
                yield Dropped("merged-cells", passage.page.number, f"{row.label}: {slot.text}")
                continue
            yield _fact(passage, grid, table, columns[place], row, label, slot, words, money[place])


def _fact(  # noqa: PLR0913 - all that a figure hangs on
    passage: Passage,
    grid: Grid,
    table: _Table,
    head: _Head,
    row: Row,
    label: Label,
    slot: Slot,
    words: tuple[str, ...],
    money: str,
) -> Fact | Dropped:
    def drop(reason: str) -> Dropped:
        return Dropped(reason, passage.page.number, f"{row.label}: {slot.text}")

    if not row.label or not label.text:
        return drop("no-label")
    if label.problem or head.problem:
        return drop(label.problem or head.problem)
    if any(not is_plain(text) for text in words):
        return drop("two-labels")
    period = head.period or table.period
    in_label, _ = periods_in(label.text)
    if period is None and (is_year_label(label.text) or not any(one.date for one in in_label)):
        return drop("no-period")
    everything = " ".join((*label.captions, label.text))
    own = scales_in([row.label, *label.captions])
    scales = own or head.scales or table.scales
    found = answer(
        slot,
        label=everything,
        around=head.title,
        scales=scales,
        column_money=money,
        money_named=any(one.of == "money" for one in scales.said),
    )
    if found.problem:
        return drop(found.problem)
    text = without_scales(label.text)
    captions = tuple(
        one
        for one in map(without_scales, label.captions)
        if one and one.casefold() != text.casefold()
    )
    qualifiers = (*captions, *words, *filter(None, (head.title,)))
    if not text:
        return drop("no-label")
    is_bare = is_generic(text, captions) or is_year_label(text)
    if is_bare and (not table.context or table.from_heading):
        return drop("no-context")
    context = "" if not is_bare and says_enough(text, table.context) else table.context
    if not table.context and not says_enough(text, ""):
        return drop("no-context")
    if text.casefold() in {"total", "totals"}:
        return drop("bare-total")
    periods: list[str] = [""]
    key = ""
    if period is not None:
        flow = is_flow(table.lead, everything)
        periods = said(period, flow=flow, fiscal=passage.period.startswith("fiscal"))
        key = period.key
    evidence = " | ".join(filter(None, (table.lead, *_head_lines(grid), row.line.text)))
    assert slot.figure is not None
    return Fact(
        passage.company,
        text,
        qualifiers,
        context,
        table.from_heading,
        tuple(periods),
        key,
        found.text,
        found.what,
        slot.figure.digits,
        passage.page.number,
        evidence,
        ("one-column", "one-period", "one-unit"),
    )


def is_plain(text: str) -> bool:
    """Whether words within a row can be said in brackets behind its label."""
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z ,&'\u2019/-]{2,60}", text))


def is_flow(lead: str, label: str) -> bool | None:
    """Whether a figure is of a time, not of a day; none where its words leave that open."""
    for text in (lead, label):
        flow, stock = _FLOW.search(text), _STOCK.search(text)
        if flow and not stock:
            return True
        if stock and not flow:
            return False
    flow, stock = _FLOW.search(label), _STOCK.search(label)
    return flow.start() < stock.start() if flow and stock else None


def _head_lines(grid: Grid) -> list[str]:
    return ["  ".join(cell.text for cell in cells) for cells in grid.heads]
