"""Tables as people read them: a label over two lines is one label, a caption belongs to its rows.

Lines are looked at by their places alone; text and Markdown files, which have none, are left as
they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lamina.text.blocks.cells import is_figure
from lamina.text.pages import CELL_BORDER, Line

BlockKind = Literal["heading", "text", "row", "qa"]

_LABEL_STEP = 1.6  # heights of the font between the lines of one label
_ROW_STEP = 2.6  # heights of the font between a caption and its rows
_SHORT = 0.67  # of a row's width: a label or caption is no longer
_SAME_LEFT_PT = 20.0  # by which the lines of a label may be indented
_SENTENCE_END = (".", ";", "!", "?")


@dataclass(frozen=True)
class Printed:
    """A line with its page and what it looks like."""

    line: Line
    page: int
    kind: BlockKind
    level: int = 0


def whole_rows(printed: Sequence[Printed]) -> list[Printed]:
    """The lines, with labels joined to their rows and captions made rows."""
    return _with_captions(_with_label_ends(_with_label_heads(printed)))


def _with_label_heads(printed: Sequence[Printed]) -> list[Printed]:
    """`Net income of the` over `year  12  34`: one row."""
    result: list[Printed] = []
    for item in reversed(printed):
        below = result[-1] if result else None
        if below and below.kind == "row" and below.line.text[:1].islower() and _leads(item, below):
            text = f"{item.line.text} {below.line.text}"
            size = item.line.size
            joined = below.line._replace(text=text, top=item.line.top, left=item.line.left)
            result[-1] = replace(below, line=joined._replace(size=size))
        else:
            result.append(item)
    return result[::-1]


def _with_label_ends(printed: Sequence[Printed]) -> list[Printed]:
    """`Net income of the  12  34` over `year`: one row."""
    result: list[Printed] = []
    for item in printed:
        above = result[-1] if result else None
        if above and above.kind == "row" and item.line.text[:1].islower() and _leads(above, item):
            label, *cells = above.line.text.split(CELL_BORDER)
            if cells and not is_figure(label):
                text = CELL_BORDER.join([f"{label} {item.line.text}", *cells])
                joined = above.line._replace(text=text, top=item.line.top)
                result[-1] = replace(above, line=joined)
                continue
        result.append(item)
    return result


def _leads(first: Printed, second: Printed) -> bool:
    """Whether two lines, one a row and one text, are set as one label."""
    label, row = (first, second) if second.kind == "row" else (second, first)
    return (
        label.kind == "text"
        and row.kind == "row"
        and _is_short(label, row)
        and not first.line.text.endswith((*_SENTENCE_END, ":"))
        and abs(label.line.left - row.line.left) <= _SAME_LEFT_PT
        and _is_below(first, second, _LABEL_STEP)
    )


def _with_captions(printed: Sequence[Printed]) -> list[Printed]:
    """Short lines over or between rows are rows of a single cell."""
    result = list(printed)
    for index in range(len(result) - 2, -1, -1):
        item, below = result[index], result[index + 1]
        above = result[index - 1] if index else None
        goes_on = above is not None and above.kind == "text" and _is_below(above, item, _ROW_STEP)
        if (
            item.kind == "text"
            and below.kind == "row"
            and not goes_on
            and _is_short(item, below)
            and not item.line.text.endswith(_SENTENCE_END)
            and _is_below(item, below, _ROW_STEP)
        ):
            result[index] = replace(item, kind="row")
    return result


def _is_short(item: Printed, row: Printed) -> bool:
    width = item.line.right - item.line.left
    return width <= _SHORT * (row.line.right - row.line.left)


def _is_below(first: Printed, second: Printed, most: float) -> bool:
    step = second.line.top - first.line.top
    size = max(first.line.size, second.line.size)
    return first.page == second.page and 0 < step <= most * size
