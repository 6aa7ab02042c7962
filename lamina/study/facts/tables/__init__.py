"""From the tables of a page to facts: the figures whose row, column, period, unit are certain."""

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lamina.study.facts.fact import Fact
from lamina.study.facts.periods import is_head, periods_in, span_in
from lamina.study.facts.tables.context import heading_over, lead_of, subject_of
from lamina.study.facts.tables.figures import CURRENCIES
from lamina.study.facts.tables.grids import Grid, grids
from lamina.study.facts.tables.heads import Head, head_of
from lamina.study.facts.tables.labels import clean
from lamina.study.facts.tables.scales import Scale, Scales, scales_in, without_scales
from lamina.study.facts.tables.spans import heads_of
from lamina.study.facts.tables.table import Of, Table
from lamina.study.passage import Passage
from lamina.study.rows import Dropped
from lamina.text.pages import Line

_RESTATED = re.compile(
    r"\b(?:restated|as (?:adjusted|reported|revised)|previously reported|recast|pro[\s-]?forma)\b",
    re.IGNORECASE,
)
_ADJUSTMENTS = re.compile(r"adjustments?", re.IGNORECASE)  # a column of them, not of translation
_SEVERAL_YEARS = re.compile(
    r"\b(?:19|20)\d\d\s*(?:,|and|to|through|-|\u2013)\s*(?:and\s+)?(?:19|20)\d\d", re.IGNORECASE
)
_MAY_BE_ANY = Scales((Scale("", exceptions="indicated"),))  # nothing is said, or by another table
_TOP_LINES = 4  # of a page, where a scale may be said of all its tables
_FARTHEST = 60  # lines above a table, in which its heading is looked for


def table_facts(passage: Passage, lines: Sequence[Line]) -> Iterator[Fact | Dropped]:
    """Facts of all tables of the page, and what was not certain."""
    order = sorted((line for line in lines if line.size > 0), key=lambda line: line.top)
    tops = [line.top for line in order]
    signs = {char for line in lines for char in line.text if char in CURRENCIES}
    money = signs.pop() if len(signs) == 1 else ""
    common = scales_in(
        [one.text for one in order[:_TOP_LINES] if one.text.lstrip().startswith("(")]
    )
    above: _Above | None = None
    for grid in grids(lines):
        heads = heads_of(grid.heads, grid.columns) if not grid.problem else None
        prefix = " ".join(filter(_says_when, map(without_scales, grid.corner)))
        columns = [head_of(prefix, pieces) for pieces in heads or []]
        top = grid.above[-1].top if grid.above else 0.0
        place = bisect(tops, top)
        if above and grid.above[-1:] == (above.grid.rows[-1].line,):
            of = _of_below(above, grid, columns)
        else:
            of = _of(grid, order[max(0, place - _FARTHEST) : place], common, money)
        above = _Above(grid, of, columns)
        problem = grid.problem or ("" if heads is not None else "unclear-head")
        if not problem and _is_restated(of, grid, heads or []):
            problem = "restated"
        if problem:
            yield from _dropped(grid, problem, passage.page.number)
            continue
        yield from Table(passage, grid, of, columns).facts()


class _Above(NamedTuple):
    """The table right above another, which may go on below."""

    grid: Grid
    of: Of
    columns: Sequence[Head]


def _of_below(above: _Above, grid: Grid, columns: Sequence[Head]) -> Of:
    """What a table is of that stands right below another.

    It is of the same where nothing of its own says otherwise; a scale of its own goes before the
    other's. Elsewhere nothing is known but what it says itself, and that amounts are restated.
    """
    own = scales_in(grid.corner)
    if not _goes_on(above, grid, columns):
        is_scaled = above.of.scales or any(one.scales for one in above.columns)
        own = own or (_MAY_BE_ANY if is_scaled else own)
        return Of(
            own,
            above.of.lead,
            context="",
            from_heading=False,
            period=None,
            money=above.of.money,
            needs_caption=True,
        )
    is_dated = all(one.period for one in columns)  # heads that come again are of another time
    period = above.of.period if is_dated else None
    return above.of._replace(scales=own or above.of.scales, period=period)


def _goes_on(above: _Above, grid: Grid, columns: Sequence[Head]) -> bool:
    """Whether only times and scales differ: nothing else is named over the rows, columns are alike.

    Without a scale of its own, its first row has to show what its figures are: under the other's
    thousands people may be counted.
    """
    if not columns or not _named_over(grid) <= _named_over(above.grid):
        return False
    before, here = (
        {(one.title, one.problem, bool(one.scales)) for one in some}
        for some in (above.columns, columns)
    )
    if before != here or not all(one.period or one.title or one.problem for one in columns):
        return False
    first = [slot.figure for slot in grid.rows[0].slots if slot.kind == "figure"]
    is_said = all(figure and (figure.currency or figure.unit) for figure in first)
    return is_said or bool(scales_in(grid.corner))


def _named_over(grid: Grid) -> set[str]:
    """What stands over its rows besides dates and scales."""
    words = [*grid.corner, *(line.text for line in grid.between.get(0, ()))]
    return {text for text in map(without_scales, words) if text and not is_head(text)}


def _says_when(text: str) -> bool:
    """Whether what stands left of the heads is a part of their periods: `Years ended May 31,`."""
    return is_head(text) and (bool(span_in(text)) or any(map(str.isdigit, text)))


def _is_restated(of: Of, grid: Grid, heads: Sequence[Sequence[str]]) -> bool:
    titles = [" ".join(piece for piece in head if not is_head(piece)) for head in heads]
    if any(_ADJUSTMENTS.fullmatch(clean(title)) for title in titles):
        return True
    return _RESTATED.search(" ".join((of.lead, *grid.corner, *titles))) is not None


def _dropped(grid: Grid, reason: str, page: int) -> Iterator[Dropped]:
    for row in grid.rows:
        for slot in row.slots:
            if slot.kind == "figure":
                yield Dropped(reason, page, f"{row.label}: {slot.text}")


def _of(grid: Grid, above: Sequence[Line], common: Scales, money: str) -> Of:
    lead = lead_of(grid.above)
    context, from_heading = subject_of(lead), False
    if not context:
        context, from_heading = heading_over(above), True
    scales = scales_in(grid.corner) or scales_in([lead], bracketed=True) or common
    found, _ = periods_in(lead)
    period = found[0] if len(found) == 1 and not _SEVERAL_YEARS.search(lead) else None
    return Of(scales, lead, context, from_heading, period, money)
