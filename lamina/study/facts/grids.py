"""Tables of a page: rows that stand together, the heads over them, and what is said above.

Quadratic in nothing: each line is looked at a bounded number of times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lamina.study.facts.cells import Cell, Row, cells_of, row_of
from lamina.study.facts.columns import Column, columns_of, split_heads
from lamina.study.facts.figures import tokens
from lamina.study.facts.labels import is_mark
from lamina.study.facts.periods import is_head
from lamina.study.facts.scales import without_scales
from lamina.text.pages import Line

_ROW_STEP = 3.2  # heights of the font between rows of one table
_HEAD_STEP = 2.8  # heights of the font between heads, and to the first row
_MOST_HEADS = 14  # lines
_LABEL_PT = 70.0  # by which a caption over the labels may be indented
_SAME_TOP = 0.45  # heights of the font by which lines of one height may differ


@dataclass(frozen=True)
class Grid:
    """One table. `between` are lines of words among its rows, by the row that follows them."""

    rows: tuple[Row, ...]
    between: dict[int, list[Line]]
    columns: tuple[Column, ...]
    heads: tuple[tuple[Cell, ...], ...]  # lines of cells over the columns, from the top
    corner: tuple[str, ...]  # what stands left of the heads, over the labels
    above: tuple[Line, ...]  # the lines over the table, the nearest one last
    problem: str = ""


@dataclass
class _Open:
    """A table whose end is not yet reached."""

    first: int  # place of its first row among the lines
    rows: list[Row] = field(default_factory=list)
    between: dict[int, list[Line]] = field(default_factory=dict)
    waiting: list[Line] = field(default_factory=list)
    label_left: float = 0.0

    @property
    def value_left(self) -> float:
        return min(slot.left for row in self.rows[-20:] for slot in row.slots)

    def add(self, row: Row) -> None:
        if self.waiting:
            self.between[len(self.rows)] = self.waiting
            self.waiting = []
        self.rows.append(row)


def grids(lines: Sequence[Line]) -> Iterator[Grid]:
    """The tables of a page from the top."""
    order = sorted(
        (line for line in lines if line.size > 0), key=lambda line: (line.top, line.left)
    )
    last_used = -1
    for found, end in _tables(order):
        yield _grid(order, found, last_used)
        last_used = end


def _tables(order: Sequence[Line]) -> Iterator[tuple[_Open, int]]:
    """Tables with the place of their last row."""
    now: _Open | None = None
    end = -1
    for place, line in enumerate(order):
        row = None if _is_head_line(line) else row_of(line)
        if now is not None:
            step = line.top - order[end].top
            is_near = step <= _ROW_STEP * max(line.size, order[end].size) + sum(
                one.size for one in now.waiting
            )
            is_beside = abs(line.top - order[end].top) < _SAME_TOP * line.size
            is_label = (
                row is None and not _is_head_line(line) and line.right <= now.value_left + line.size
            )
            if row is not None and is_near and not is_beside:
                now.add(row)
                end = place
                continue
            if is_label and is_near and not is_beside:
                now.waiting.append(line)
                continue
            yield now, end
            now = None
        if row is not None:
            now = _Open(place)
            now.add(row)
            end = place
    if now is not None:
        yield now, end


def _is_head_line(line: Line) -> bool:
    """Whether a line names columns: years, dates, and at most words before them."""
    cells = cells_of(line)
    parts = [cell.text for cell in cells]
    if not parts:
        return False
    rest = parts[1:] if len(parts) > 1 and not is_head(parts[0]) else parts
    if not any(is_head(part) for part in rest):
        return False
    return all(is_head(part) or not tokens(part) for part in rest) and not _is_row_of_years(parts)


def _is_row_of_years(parts: Sequence[str]) -> bool:
    """`2023  $ 136`: a year and an amount. Columns of years are years throughout."""
    return any(
        (found := tokens(part)) and not all(t.figure and t.figure.is_year for t in found)
        for part in parts
    )


def _grid(order: Sequence[Line], found: _Open, last_used: int) -> Grid:
    columns = columns_of(found.rows)
    label_left = min(row.line.left for row in found.rows)
    value_left = columns[0].left
    heads: list[tuple[Cell, ...]] = []
    corner: list[str] = []
    captions: list[Line] = []
    place = found.first - 1
    below = order[found.first]
    tall = max(row.line.size for row in found.rows)
    while place > last_used and found.first - place <= _MOST_HEADS:
        line = order[place]
        if below.top - line.top > _HEAD_STEP * max(line.size, tall):
            break
        cells = split_heads(cells_of(line))
        if not cells or row_of(line) and not _is_head_line(line):
            break
        is_corner = cells[0].left <= label_left + _LABEL_PT and cells[0].left < value_left
        first, rest = (cells[0], cells[1:]) if is_corner else (None, cells)
        if first and (first.right > value_left and not rest):
            break  # a line of running text
        if first and not rest and heads and not without_scales(first.text) == "":
            if not is_head(first.text):
                break  # a heading over the table
        if first and not rest and not heads:
            captions.insert(0, line) if without_scales(first.text) else corner.insert(0, first.text)
        elif first:
            corner.insert(0, first.text)
        rest = [cell for cell in rest if _is_head(cell, found.rows)]
        if rest:
            if heads and abs(below.top - line.top) < _SAME_TOP * line.size:
                heads[0] = tuple(sorted((*rest, *heads[0]), key=lambda cell: cell.left))
            else:
                heads.insert(0, tuple(rest))
        below = line
        place -= 1
    if captions and not heads:  # nothing but words over the rows: they may be of anything
        place = order.index(captions[-1]) if len(captions) > 1 else place
    between = dict(found.between)
    if captions and heads:
        between[0] = captions
    above = (
        order[max(0, place - 5) : place + 1]
        if heads
        else order[max(0, found.first - 6) : found.first]
    )
    return Grid(
        tuple(found.rows),
        between,
        tuple(columns),
        tuple(heads),
        tuple(corner),
        tuple(above),
        _problem(found.rows, columns),
    )


def _is_head(cell: Cell, rows: Sequence[Row]) -> bool:
    """Whether a cell names figures: it is no footnote's mark, and stands over no words."""
    if is_mark(cell.text):
        return False
    return not any(
        slot.kind == "text" and cell.left < slot.right and slot.left < cell.right
        for row in rows[:_MOST_HEADS]
        for slot in row.slots
    )


def _problem(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """Why nothing can be said of the table as a whole; empty where something can."""
    for row in rows:
        places = sorted((slot.left, slot.right) for slot in row.slots if slot.kind != "text")
        over = [_column(columns, left, right) for left, right in places]
        if any(a == b for a, b in pairwise(over)):
            return "merged-cells"
    return ""


def _column(columns: Sequence[Column], left: float, right: float) -> int:
    return next(
        (i for i, column in enumerate(columns) if left <= column.right and column.left <= right), -1
    )
