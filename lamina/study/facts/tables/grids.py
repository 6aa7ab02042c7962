"""Tables of a page: rows that stand together, the heads over them, and what is said above.

Each line is looked at a bounded number of times, whatever the page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lamina.study.facts.tables.cells import Cell, Row, Slot, cells_of, row_of
from lamina.study.facts.tables.columns import Column, column_at, columns_of
from lamina.study.facts.tables.headroom import Headroom, headroom, is_head_line
from lamina.text.pages import CELL_BORDER, Line

_ROW_STEP = 3.2  # heights of the font between rows of one table
_SAME_TOP = 0.45  # heights of the font by which lines of one height may differ
_SAME_PT = 2.5  # by which cells of one column may differ
_MOST_WAITING = 6  # lines of words between two rows
_MOST_COLUMNS = 24
_MOST_ABOVE = 6  # lines over a table in which a sentence leads to it
_LAST_ROWS = 20  # that tell where figures begin


@dataclass(frozen=True)
class Grid:
    """One table. `between` are lines of words among its rows, by the row that follows them."""

    rows: tuple[Row, ...]
    between: dict[int, list[Line]]
    columns: tuple[Column, ...]
    heads: tuple[tuple[Cell, ...], ...]  # lines of cells over the columns, from the top
    corner: tuple[str, ...]  # what stands left of the heads, over the labels
    above: tuple[Line, ...]  # the lines over the table, the nearest one last
    names_words: bool = False  # whether a column of words has a head of its own
    problem: str = ""


@dataclass
class _Open:
    """A table whose end is not yet reached."""

    first: int  # place of its first row among the lines
    last: int = 0  # and of its last one
    rows: list[Row] = field(default_factory=list)
    between: dict[int, list[Line]] = field(default_factory=dict)
    waiting: list[Line] = field(default_factory=list)

    def add(self, row: Row, place: int) -> None:
        """Take a row, with the lines of words before it."""
        if self.waiting and (whole := _joined(self.waiting[-1], row)):
            self.waiting.pop()
            row = whole
        if self.waiting:
            self.between[len(self.rows)] = self.waiting
            self.waiting = []
        self.rows.append(row)
        self.last = place

    def takes(self, line: Line, row: Row | None) -> bool:
        """Whether a line goes on with the table: a row, or words among its labels."""
        last = self.rows[-1].line
        size = max(line.size, last.size)
        step = line.top - last.top - sum(one.size for one in self.waiting)
        if step > _ROW_STEP * size or abs(line.top - last.top) < _SAME_TOP * line.size:
            return False
        if row is not None:
            return True
        begin = min(
            slot.left
            for one in self.rows[-_LAST_ROWS:]
            for slot in one.slots
            if slot.kind != "text"
        )
        is_caption = CELL_BORDER not in line.text and line.left <= last.left + line.size
        is_label = line.right <= begin + line.size and (is_caption or not is_head_line(line))
        return is_label and len(self.waiting) < _MOST_WAITING


def grids(lines: Sequence[Line]) -> Iterator[Grid]:
    """The tables of a page from the top."""
    order = sorted((one for one in lines if one.size > 0), key=lambda line: (line.top, line.left))
    end = -1
    for found in _tables(order):
        yield _grid(order, found, end)
        end = found.last


def _tables(order: Sequence[Line]) -> Iterator[_Open]:
    now: _Open | None = None
    for place, line in enumerate(order):
        row = None if is_head_line(line) else row_of(line, dashes=now is not None)
        if now is not None and now.takes(line, row):
            if row is not None:
                now.add(row, place)
            else:
                now.waiting.append(line)
            continue
        if now is not None:
            yield now
            now = None
        if row is not None:
            now = _Open(place)
            now.add(row, place)
    if now is not None:
        yield now


def _grid(order: Sequence[Line], found: _Open, end: int) -> Grid:
    """A table with its heads; `end` is the place of the last row of the one before."""
    first = order[found.first - 1] if found.first - 1 > end else None
    if first and (whole := _joined(first, found.rows[0])):
        found.rows[0] = whole
        found.first -= 1
    columns = columns_of(found.rows)
    room = headroom(order, found.first, end, found.rows, columns[0].left)
    between = dict(found.between)
    if room.captions:
        between[0] = room.captions
    return Grid(
        tuple(found.rows),
        between,
        tuple(columns),
        tuple(room.heads),
        tuple(room.corner),
        tuple(order[max(0, room.top - _MOST_ABOVE) : room.top]),
        room.names_words,
        _problem(found.rows, columns, room),
    )


def _joined(above: Line, row: Row) -> Row | None:
    """A row whose words began on the line above, where its label stands; none where it is whole."""
    cells = cells_of(above)
    if len(cells) != 2 or row_of(above) or abs(cells[1].left - row.line.left) > _SAME_PT:  # noqa: PLR2004
        return None
    label, words = cells
    text = f"{words.text} {row.label}"
    printed = " ".join([label.text, words.text, *row.line.text.split()])
    line = row.line._replace(text=printed, left=label.left, right=label.right, cells=())
    return Row(label.text, (Slot("text", words.left, words.right, text), *row.slots), line)


def _problem(rows: Sequence[Row], columns: Sequence[Column], room: Headroom) -> str:
    """Why nothing can be said of the table as a whole; empty where something can."""
    if room.problem or len(columns) > _MOST_COLUMNS:
        return room.problem or "many-columns"
    for row in rows:
        over = [
            column_at(columns, slot.left, slot.right) for slot in row.slots if slot.kind != "text"
        ]
        if any(first == second for first, second in pairwise(over)):
            return "merged-cells"
    return ""
