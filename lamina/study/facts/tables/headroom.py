"""What stands over the first row of a table: heads, what is left of them, captions.

Read upwards from the first row to the sentence or heading that the table belongs to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lamina.study.facts.periods import is_head
from lamina.study.facts.tables.cells import Cell, Row, cells_of, row_of
from lamina.study.facts.tables.figures import tokens
from lamina.study.facts.tables.labels import is_mark
from lamina.study.facts.tables.scales import without_scales
from lamina.study.facts.tables.spans import split_heads
from lamina.text.pages import Line

_HEAD_STEP = 2.8  # heights of the font between heads, and to the first row
_TIGHT = 1.6  # heights of the font between lines that belong together
_SAME_TOP = 0.45  # heights of the font by which lines of one height may differ
_MOST_LINES = 100  # a head may have as many pieces; more are none
_FIRST_ROWS = 20  # that tell where words stand among figures
_LABEL_PT = 70.0  # by which a caption over the labels may be indented


@dataclass
class Headroom:
    """What was found, from the top; `top` is the place of the first line that belongs to it."""

    top: int
    heads: list[tuple[Cell, ...]] = field(default_factory=list)
    corner: list[str] = field(default_factory=list)
    captions: list[Line] = field(default_factory=list)
    names_words: bool = False  # whether a head stands over words: they classify the rows
    problem: str = ""


def is_head_line(line: Line) -> bool:
    """Whether a line names columns: years, dates, and at most words before them."""
    parts = [cell.text for cell in cells_of(line)]
    rest = parts[1:] if len(parts) > 1 and not is_head(parts[0]) else parts
    if not any(map(is_head, rest)):
        return False
    return all(is_head(part) or not tokens(part) for part in rest) and not _has_amounts(parts)


def _has_amounts(parts: Sequence[str]) -> bool:
    """`2023  $ 136` is a row: columns of years are years throughout."""
    found = (tokens(part) for part in parts)
    return any(
        not all(token.figure and token.figure.is_year for token in of_one)
        for of_one in found
        if of_one
    )


def headroom(
    order: Sequence[Line], first: int, end: int, rows: Sequence[Row], value_left: float
) -> Headroom:
    """Read the lines above the row at place `first`, not beyond place `end`."""
    reader = _Reader(rows, value_left, Headroom(first), order[first])
    for place in range(first - 1, max(end, first - 1 - _MOST_LINES), -1):
        if not reader.takes(order[place]):
            break
        reader.room.top = place
    else:
        if first - 1 - end > _MOST_LINES:
            reader.room.problem = "unclear-head"
    room = reader.room
    if not room.heads:  # words over the rows alone may be of anything
        return Headroom(first, corner=room.corner, problem=room.problem)
    return room


class _Reader:
    """Takes line after line, upwards."""

    def __init__(self, rows: Sequence[Row], value_left: float, room: Headroom, below: Line) -> None:
        self._label_left = min(row.line.left for row in rows)
        self._tall = max(row.line.size for row in rows)
        self._words = [
            slot for row in rows[:_FIRST_ROWS] for slot in row.slots if slot.kind == "text"
        ]
        self._value_left = value_left
        self.room = room
        self._below = below

    def takes(self, line: Line) -> bool:
        """Take a line that belongs to the table; false for the first that does not."""
        step = self._below.top - line.top
        if step > _HEAD_STEP * max(line.size, self._tall):
            return False
        cells = split_heads(_cells_of(line))
        if not cells or (row_of(line) and not is_head_line(line)):
            return False
        left, right = cells[0].left, cells[0].right
        is_left = left <= self._label_left + _LABEL_PT and left < self._value_left
        if is_left and len(cells) == 1 and right > self._value_left:
            self._check_running_text(line, step)
            return False
        if is_left and not self._takes_left(line, cells[0], alone=len(cells) == 1):
            return False
        self._take_heads(line, cells[1:] if is_left else cells, step)
        self._below = line
        return True

    def _check_running_text(self, line: Line, step: float) -> None:
        """Heads that stand too close to be told apart look like running text."""
        is_ended = line.text.rstrip().endswith((":", ".", ")"))
        if self.room.heads and step < _TIGHT * line.size and not is_ended:
            self.room.problem = "unclear-head"

    def _takes_left(self, line: Line, cell: Cell, *, alone: bool) -> bool:
        """What stands over the labels: a scale, a part of the period, a caption of the rows."""
        said = without_scales(cell.text)
        is_lead = cell.text.rstrip().endswith(":")  # the end of the sentence: `(in millions):`
        if alone and self.room.heads and ((said and not is_head(said)) or is_lead):
            return False  # a heading over the table
        if alone and said and not self.room.heads:
            self.room.captions.insert(0, line)
        else:
            self.room.corner.insert(0, cell.text)
        return True

    def _take_heads(self, line: Line, cells: Sequence[Cell], step: float) -> None:
        heads = [cell for cell in cells if not is_mark(cell.text)]
        over_words = [cell for cell in heads if self._is_over_words(cell)]
        self.room.names_words = self.room.names_words or bool(over_words)
        heads = [cell for cell in heads if cell not in over_words]
        if not heads:
            return
        is_level = bool(self.room.heads) and abs(step) < _SAME_TOP * line.size
        if is_level and not _stand_over(heads, self.room.heads[0]):
            heads += self.room.heads.pop(0)
        self.room.heads.insert(0, tuple(sorted(heads, key=lambda cell: cell.left)))

    def _is_over_words(self, cell: Cell) -> bool:
        return any(cell.left < slot.right and slot.left < cell.right for slot in self._words)


def _cells_of(line: Line) -> list[Cell]:
    """Its cells; a scale that is printed with wide gaps is one: `(Dollars  in  millions)`."""
    printed = " ".join(line.text.split())
    is_scale = printed.startswith("(") and not without_scales(printed)
    return [Cell(printed, line.left, line.right)] if is_scale else cells_of(line)


def _stand_over(upper: Sequence[Cell], lower: Sequence[Cell]) -> bool:
    """Whether cells share a place with others, so that both are not of one line."""
    return any(a.left < b.right and b.left < a.right for a in upper for b in lower)
