"""Over which columns a cell stands: one, some in whose middle it is, or none for certain. Pure."""

from bisect import bisect
from collections.abc import Sequence
from itertools import pairwise
from math import inf

from lamina.study.facts.tables.cells import Cell
from lamina.study.facts.tables.columns import Column

_OUTSIDE_PT = 60.0  # by which a head may stand beside the outermost columns
_MOST_COLUMNS = 24
_WITHIN = 0.25  # of the width of a group, from either side of which the middle of its head stands
_OFF = 0.3  # of the distance between columns, by which a cell stands beside a column
_CENTRED = 0.15  # of the distance between columns, by which the middle of a head may be off
_LEAST_PT = 6.0


def is_beside(cell: Cell, middles: Sequence[float], place: int) -> bool:
    """Whether a cell stands clearly beside the middle of a column."""
    step = min(b - a for a, b in pairwise(middles))
    return abs(cell.centre - middles[place]) > _OFF * step


def one_each(cells: Sequence[Cell], columns: Sequence[Column]) -> tuple[int, ...] | None:
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


def equal_groups(
    cells: Sequence[Cell], middles: Sequence[float]
) -> tuple[tuple[int, ...], ...] | None:
    """As many columns for each cell, each cell in the middle over its own."""
    size, rest = divmod(len(middles), max(len(cells), 1))
    if rest or size < 2:  # noqa: PLR2004 - a group has two columns
        return None
    groups = tuple(tuple(range(at, at + size)) for at in range(0, len(middles), size))
    are_over = all(is_over(cell, middles, group) for cell, group in zip(cells, groups, strict=True))
    return groups if are_over else None


def groups_in_order(
    cells: Sequence[Cell], columns: Sequence[Column], *, inside: bool = False
) -> tuple[tuple[int, ...], ...] | None:
    """As many columns for each cell, as each column needs one.

    Each cell has its middle well within its own columns, or with `inside` is nowhere beyond them.
    """
    size, rest = divmod(len(columns), max(len(cells), 1))
    if rest or size < 2 or len(cells) < 2:  # noqa: PLR2004 - a group has two columns
        return None
    groups = tuple(tuple(range(at, at + size)) for at in range(0, len(columns), size))
    for cell, group in zip(cells, groups, strict=True):
        left, right = columns[group[0]].left, columns[group[-1]].right
        edge = _WITHIN * (right - left)
        is_within = left + edge <= cell.centre <= right - edge
        if inside:
            is_within = left - _LEAST_PT <= cell.left and cell.right <= right + _LEAST_PT
        if not is_within:
            return None
    return groups


def is_over(cell: Cell, middles: Sequence[float], group: Sequence[int]) -> bool:
    """Whether a cell has its middle over that of a group of columns."""
    steps = [b - a for a, b in pairwise(middles)]
    tolerance = max(_LEAST_PT, _CENTRED * min(steps)) if steps else _LEAST_PT
    return abs(cell.centre - (middles[group[0]] + middles[group[-1]]) / 2) <= tolerance


def alone(cell: Cell, columns: Sequence[Column], middles: Sequence[float]) -> tuple[int, ...]:
    """The columns of one cell among others: the one that it stands over, or those under it."""
    single = one_each([cell], columns)
    under = tuple(i for i, middle in enumerate(middles) if cell.left <= middle <= cell.right)
    if len(under) > 1:
        return under if is_over(cell, middles, under) else ()
    count = len(middles)
    runs = [
        tuple(range(first, last + 1))
        for first in range(min(count, _MOST_COLUMNS))
        for last in range(first + 1, min(count, _MOST_COLUMNS))
        if is_over(cell, middles, (first, last))
    ]
    if single and not runs:
        return single
    return runs[0] if len(runs) == 1 and not single else ()
