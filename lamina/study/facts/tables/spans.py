"""Which columns a head is said of, by where both stand.

A head belongs to a column if it stands over it and over no other; one that stands in the middle
over several is said of all of these. Where two readings are possible, there is none.
"""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from lamina.study.facts.periods import DATE, has_year, is_head
from lamina.study.facts.tables.cells import Cell
from lamina.study.facts.tables.columns import Column
from lamina.study.facts.tables.scales import without_scales

_OUTSIDE_PT = 60.0  # by which a head may stand beside the outermost columns
_MOST_COLUMNS = 24
_SCALE = re.compile(r"\b(?:thousand|million|billion)s\b", re.IGNORECASE)
_IS_MONEY = re.compile(r"dollar|[$\u20ac\u00a3]", re.IGNORECASE)
_WITHIN = 0.25  # of the width of a group, from either side of which a date's middle stands
_OFF = 0.3  # of the distance between columns, by which a cell stands beside a column
_CENTRED = 0.15  # of the distance between columns, by which the middle of a head may be off
_LEAST_PT = 6.0
_MANY = re.compile(
    rf"{DATE.pattern}|\blevel\s+[123]\b|\b(?:19|20)\d\d\b|\b(?:january|february|march|april|may|june|july|"
    r"august|september|october|november|december)\s+\d{1,2},(?!\s*(?:19|20)\d\d)",
    re.IGNORECASE,
)


def split_heads(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of a head line; `2022 2021` in one cell are two."""
    result: list[Cell] = []
    for cell in cells:
        found = list(_MANY.finditer(cell.text))
        rest = _MANY.sub("", cell.text).strip(" ,")
        if len(found) < 2 or rest:  # noqa: PLR2004 - two heads in one cell
            result.append(cell)
            continue
        step = (cell.right - cell.left) / max(len(cell.text), 1)
        result += [
            Cell(one.group(), cell.left + step * one.start(), cell.left + step * one.end())
            for one in found
        ]
    return result


@dataclass(frozen=True)
class _Layout:
    """What the lines of a head have in common."""

    columns: Sequence[Column]
    middles: tuple[Sequence[float], ...]  # of the lowest heads, of the figures: either may count
    dated: bool  # each column has a year of its own
    repeats: bool  # the lowest heads are alike: those above must tell them apart
    thirds: bool  # an odd number of heads shares the columns

    @classmethod
    def of(cls, lines: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> "_Layout":
        """The layout of these lines over these columns."""
        count = len(columns)
        whole = [cells for cells in lines if len(cells) == count]
        lowest = next((cells for cells in whole[::-1] if _one_each(cells, columns)), ())
        figures = [column.centre for column in columns]
        return cls(
            columns,
            ([cell.centre for cell in lowest] or figures, figures),
            any(all(has_year(cell.text) for cell in cells) for cells in whole),
            len({cell.text for cell in lowest}) < len(lowest),
            any(_shares_oddly(len(cells), count) for cells in lines),
        )


def _shares_oddly(heads: int, columns: int) -> bool:
    """Whether the middle one of the heads stands over the middle of all columns."""
    return 1 < heads < columns and heads % 2 == 1 and columns % heads == 0


def heads_of(lines: Sequence[Sequence[Cell]], columns: Sequence[Column]) -> list[list[str]] | None:
    """For each column the pieces of its head from the top; none where a piece may be of another."""
    layout = _Layout.of(lines, columns)
    heads: list[list[tuple[str, tuple[int, ...]]]] = [[] for _ in columns]
    for cells in lines:
        for cell, places in _placed(cells, layout):
            if not places:
                return None
            for place in places:
                heads[place].append((cell.text, places))
    pieces = [_pieces(head) for head in heads]
    # `Gains Losses Gains Losses`: what stands above has not told them apart.
    is_told_apart = len(set(map(tuple, pieces))) == len(pieces) or not any(pieces)
    return pieces if is_told_apart else None


def _pieces(head: Sequence[tuple[str, tuple[int, ...]]]) -> list[str]:
    """The pieces of a head; what several columns share ends with a colon: `Level: 1`."""
    result = []
    for place, (text, places) in enumerate(head):
        after = head[place + 1][1] if place + 1 < len(head) else places
        result.append(f"{text}:" if after != places and not is_of_all(text) else text)
    return result


def _placed(cells: Sequence[Cell], layout: _Layout) -> list[tuple[Cell, tuple[int, ...]]]:
    """Each cell of a head line with the columns that it is of; none where that is not certain."""
    columns = layout.columns
    own = _one_each(cells, columns)
    if len(cells) == len(columns):
        places = [(place,) for place in own] if own else [()] * len(cells)
        return list(zip(cells, places, strict=True))
    groups = next(filter(None, (_equal_groups(cells, one) for one in layout.middles)), None)
    if not layout.dated and all(is_head(one.text) and has_year(one.text) for one in cells):
        groups = groups or _dated_groups(cells, columns)
        if groups and len(cells) > 1:
            return list(zip(cells, groups, strict=True))
    if len(cells) == 1:
        return [(cells[0], _lone(cells[0], layout, groups, own))]
    if groups and own:  # over the middle one of three columns, or over all three
        is_off = layout.repeats or all(
            _is_off(cell, layout.middles[0], place) for cell, place in zip(cells, own, strict=True)
        )
        return list(zip(cells, groups if is_off else [()] * len(cells), strict=True))
    if groups:
        return list(zip(cells, groups, strict=True))
    if own:
        return [(cell, (place,)) for cell, place in zip(cells, own, strict=True)]
    return [(cell, _alone(cell, columns, layout.middles[0])) for cell in cells]


def _lone(
    cell: Cell,
    layout: _Layout,
    groups: tuple[tuple[int, ...], ...] | None,
    own: tuple[int, ...] | None,
) -> tuple[int, ...]:
    """The columns of the only cell of its line."""
    columns = layout.columns
    if is_of_all(cell.text):
        is_part = layout.dated and is_head(cell.text) and not has_year(cell.text)  # `June 30,`
        is_certain = groups or is_part or len(columns) == 1 or _IS_MONEY.search(cell.text)
        return tuple(range(len(columns))) if is_certain else ()
    if groups and own and not _is_off(cell, layout.middles[0], own[0]):
        return ()  # over the middle column, or over all
    if groups:
        return () if layout.thirds else groups[0]  # over the middle group, or over all
    return own or _alone(cell, columns, layout.middles[0])


def _is_off(cell: Cell, middles: Sequence[float], place: int) -> bool:
    """Whether a cell stands clearly beside the middle of a column."""
    step = min(b - a for a, b in pairwise(middles))
    return abs(cell.centre - middles[place]) > _OFF * step


def is_of_all(text: str) -> bool:
    """Whether a lone head says a period or a scale, which it says of all columns."""
    return is_head(text) or (_SCALE.search(text) is not None and not without_scales(text))


def _one_each(cells: Sequence[Cell], columns: Sequence[Column]) -> tuple[int, ...] | None:
    """The column of each cell, where each stands over one of its own."""
    inner = [(a.right + b.left) / 2 for a, b in pairwise(columns)]
    borders = [columns[0].left - _OUTSIDE_PT, *inner, columns[-1].right + _OUTSIDE_PT]
    found = [bisect(borders, cell.centre) - 1 for cell in cells]
    if any(not 0 <= place < len(columns) for place in found) or sorted(set(found)) != found:
        return None
    is_within = all(
        _is_within(cell, columns, place) for cell, place in zip(cells, found, strict=True)
    )
    return tuple(found) if is_within else None


def _is_within(cell: Cell, columns: Sequence[Column], place: int) -> bool:
    """Whether a cell does not reach over the middle of a neighbouring column."""
    before = columns[place - 1].centre if place else -inf
    after = columns[place + 1].centre if place + 1 < len(columns) else inf
    return before < cell.left and cell.right < after


def _equal_groups(
    cells: Sequence[Cell], middles: Sequence[float]
) -> tuple[tuple[int, ...], ...] | None:
    """As many columns for each cell, each cell in the middle over its own."""
    size, rest = divmod(len(middles), max(len(cells), 1))
    if rest or size < 2:  # noqa: PLR2004 - a group has two columns
        return None
    groups = tuple(tuple(range(at, at + size)) for at in range(0, len(middles), size))
    is_over = all(_is_over(cell, middles, group) for cell, group in zip(cells, groups, strict=True))
    return groups if is_over else None


def _dated_groups(
    cells: Sequence[Cell], columns: Sequence[Column]
) -> tuple[tuple[int, ...], ...] | None:
    """As many columns for each date, each date well within its own: each column needs one."""
    size, rest = divmod(len(columns), max(len(cells), 1))
    if rest or size < 2 or len(cells) < 2:  # noqa: PLR2004 - a group has two columns
        return None
    groups = tuple(tuple(range(at, at + size)) for at in range(0, len(columns), size))
    for cell, group in zip(cells, groups, strict=True):
        left, right = columns[group[0]].left, columns[group[-1]].right
        edge = _WITHIN * (right - left)
        if not left + edge <= cell.centre <= right - edge:
            return None
    return groups


def _is_over(cell: Cell, middles: Sequence[float], group: Sequence[int]) -> bool:
    steps = [b - a for a, b in pairwise(middles)]
    tolerance = max(_LEAST_PT, _CENTRED * min(steps)) if steps else _LEAST_PT
    return abs(cell.centre - (middles[group[0]] + middles[group[-1]]) / 2) <= tolerance


def _alone(cell: Cell, columns: Sequence[Column], middles: Sequence[float]) -> tuple[int, ...]:
    """The columns of one cell among others: the one that it stands over, or those under it."""
    single = _one_each([cell], columns)
    under = tuple(i for i, middle in enumerate(middles) if cell.left <= middle <= cell.right)
    if len(under) > 1:
        return under if _is_over(cell, middles, under) else ()
    count = len(middles)
    runs = [
        tuple(range(first, last + 1))
        for first in range(min(count, _MOST_COLUMNS))
        for last in range(first + 1, min(count, _MOST_COLUMNS))
        if _is_over(cell, middles, (first, last))
    ]
    if single and not runs:
        return single
    return runs[0] if len(runs) == 1 and not single else ()
