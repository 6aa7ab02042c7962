"""Pieces of lines to whole rows, columns kept apart: pure geometry on what a reader gave.

A reader breaks a table's row where its cells were drawn apart or in another order. Pieces at one
height are one row again if a cell of figures is among them, unless a gutter between columns of
running text parts them.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Sequence

from lamina.text.pages import CELL_BORDER, Line, PageKind

# One class of characters, no nesting: hostile text must not make the match slow.
_FIGURES = re.compile(
    r"[\d$\u20ac\u00a3\u00a5%()\[\]<>\u2014\u2013\u2212+*,.\u2019/-]+|\([a-z0-9]{1,2}\)|n/?[am]\.?|nil",
    re.IGNORECASE,
)
_SAME_HEIGHT = 0.5  # share of the smaller piece's height that two pieces of one row have in common
_MARK_SIZE = 0.85  # footnote marks are smaller than the row by this
_LONGEST_MARK = 6  # characters
_WIDEST_LETTER = 0.6  # of the font's height, on average over a label
_GARBLED = 0.05  # share of characters without meaning, above which a page has none
_TABLE = 0.5  # share of lines with cells, above which a page is a table
_PROSE_WORDS = 4
_FEWEST_PROSE = 6  # pieces of running text on either side of a gutter
_CROSSING = 0.1  # share of a page's running text that may cross a gutter, such as headings


def is_figures(text: str) -> bool:
    """Whether a cell holds nothing but figures, currency, dashes and footnote marks."""
    words = text.split()
    return bool(words) and all(_FIGURES.fullmatch(word) for word in words)


def with_whole_rows(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines in their order, the pieces of one table row joined at its first piece's place."""
    bands = [band for band in _bands(lines) if len(band) > 1]
    if not any(is_figures(lines[index].text) for band in bands for index in band):
        return tuple(lines)
    gutters = _gutters(lines)
    joined: dict[int, Line] = {}
    gone: set[int] = set()
    for band in bands:
        for row in _rows(band, lines, gutters):
            joined[row[0]] = _joined([lines[index] for index in row])
            gone.update(row[1:])
    return tuple(joined.get(index, line) for index, line in enumerate(lines) if index not in gone)


def _bands(lines: Sequence[Line]) -> Iterable[list[int]]:
    """Indexes of the lines that stand at one height, from the top."""
    order = sorted(
        (index for index, line in enumerate(lines) if line.size > 0),
        key=lambda index: lines[index].top + lines[index].size / 2,
    )
    band: list[int] = []
    for index in order:
        if band and not _level(lines[band[0]], lines[index]):
            yield band
            band = []
        band.append(index)
    if band:
        yield band


def _level(first: Line, second: Line) -> bool:
    shared = min(first.top + first.size, second.top + second.size) - max(first.top, second.top)
    return shared >= _SAME_HEIGHT * min(first.size, second.size)


def _rows(
    band: Sequence[int], lines: Sequence[Line], gutters: Sequence[float]
) -> Iterable[list[int]]:
    """Those pieces of a band that make up rows, from left to right, column by column."""
    columns: dict[int, list[int]] = {}
    for index in sorted(band, key=lambda index: lines[index].left):
        columns.setdefault(bisect(gutters, lines[index].left), []).append(index)
    for row in columns.values():
        has_figures = any(is_figures(lines[index].text) for index in row)
        cells = [lines[index] for index in row]
        if len(row) > 1 and has_figures and all(map(_follows, cells, cells[1:])):
            yield row


def _follows(before: Line, after: Line) -> bool:
    """Whether the second piece is a cell to the right of the first, or a mark on its label."""
    return before.right <= after.left + before.size or _is_mark_on(before, after)


def _is_mark_on(row: Line, mark: Line) -> bool:
    """Whether a small raised piece such as `(a)` stands within a row, right behind its label."""
    label = row.text.split(CELL_BORDER)[0]
    behind = row.left + (len(label) * _WIDEST_LETTER + 2) * row.size
    is_small = mark.size < _MARK_SIZE * row.size and len(mark.text) <= _LONGEST_MARK
    return is_small and mark.left <= behind and CELL_BORDER in row.text


def _joined(row: Sequence[Line]) -> Line:
    first, text, places = row[0], row[0].text, _places(row[0])
    for cell in row[1:]:
        if cell.left < first.right and _is_mark_on(first, cell):
            label, *cells = text.split(CELL_BORDER)
            text = CELL_BORDER.join((f"{label} {cell.text}", *cells))
        else:
            text += CELL_BORDER + cell.text
            places += _places(cell)
    return first._replace(text=text, right=max(line.right for line in row), cells=places)


def _places(line: Line) -> tuple[tuple[float, float], ...]:
    return line.cells or ((line.left, line.right),)


def _gutters(lines: Sequence[Line]) -> list[float]:
    """Where columns of running text are parted: x that hardly any of it crosses, in points."""
    prose = [line for line in lines if len(line.text.split()) >= _PROSE_WORDS and line.size > 0]
    starts = sorted({round(line.left) for line in prose})
    gutters: list[float] = []
    for start in starts[1:]:
        at = start - 1.0
        left = sum(line.right <= at + 1 for line in prose)
        right = sum(line.left >= at for line in prose)
        crossing = len(prose) - left - right
        is_new = not gutters or at - gutters[-1] > 1
        if min(left, right) >= _FEWEST_PROSE and crossing <= _CROSSING * len(prose) and is_new:
            gutters.append(at)
    return gutters


def page_kind(lines: Sequence[Line], bad: int) -> PageKind:
    """What a page holds, going by its text; `bad` counts characters without meaning."""
    characters = sum(len(line.text) for line in lines)
    if not characters + bad:
        return "blank"
    if bad > _GARBLED * (characters + bad):
        return "garbled"
    rows = sum(CELL_BORDER in line.text for line in lines)
    return "table" if rows > _TABLE * len(lines) else "text"
