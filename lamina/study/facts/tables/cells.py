"""Cells of a printed line with their places, and rows: a label, and figures right of it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from lamina.study.facts.tables.figures import Figure, Kind, Token, tokens
from lamina.text.pages import CELL_BORDER, Line

_DIGIT = 0.46  # heights of the font, the width of a digit
_MARK_GAP = 1.2  # heights of the font between a label and its mark
_APART_PT = 1.0  # between a figure and the next column's currency sign


_MARK = re.compile(r"\(?[a-z0-9]{1,2}\)|[\u2022\u25aa\u25cf*]+", re.IGNORECASE)


class Cell(NamedTuple):
    """A piece of text with its place, in points from the left."""

    text: str
    left: float
    right: float

    @property
    def centre(self) -> float:
        """Its middle."""
        return (self.left + self.right) / 2


class Slot(NamedTuple):
    """What stands right of a row's label: a figure, a dash for none, or words."""

    kind: Kind
    left: float
    right: float
    text: str
    figure: Figure | None = None
    marked: bool = False  # something in brackets follows that may be a footnote's mark


class Row(NamedTuple):
    """A row of a table; without label where it begins with its figures."""

    label: str
    slots: tuple[Slot, ...]
    line: Line

    @property
    def figures(self) -> int:
        """How many of its slots hold a figure or the dash for none."""
        return sum(slot.kind != "text" for slot in self.slots)


def cells_of(line: Line) -> list[Cell]:
    """The line's cells; none where it is not known where they stand."""
    parts = line.text.split(CELL_BORDER)
    if len(parts) == 1:
        return [Cell(line.text, line.left, line.right)]
    if len(parts) != len(line.cells):
        return []
    return [Cell(text, *place) for text, place in zip(parts, line.cells, strict=True)]


def row_of(line: Line, *, dashes: bool = False) -> Row | None:
    """The line as a row; none where no figure stands in a cell of its own.

    With `dashes` a label before nothing but dashes for none is a row, too.
    """
    cells = cells_of(line)
    if len(cells) > 1 and _MARK.fullmatch(cells[0].text):  # of a footnote, or a point of a list
        cells = cells[1:]
    label = ""
    rest: Sequence[Cell] = cells
    if cells and (not tokens(cells[0].text) or _is_year_label(cells)):
        label, rest = cells[0].text, _without_mark(cells, line.size)
    reader = _Reader(line.size)
    for cell in rest:
        reader.take(cell)
    figures = [slot.figure for slot in reader.slots if slot.figure]
    is_empty = dashes and bool(label) and {slot.kind for slot in reader.slots} == {"none"}
    if not (figures or is_empty) or (not label and all(map(_may_be_mark, figures))):
        return None
    return Row(label, tuple(reader.slots), line)


def _without_mark(cells: list[Cell], size: float) -> list[Cell]:
    """The cells behind the label; a `(1)` that stands close behind it is a footnote's mark."""
    rest = cells[1:]
    is_mark = len(rest) > 1 and _MARK.fullmatch(rest[0].text) is not None
    return rest[1:] if is_mark and rest[0].left - cells[0].right < _MARK_GAP * size else rest


def _is_year_label(cells: Sequence[Cell]) -> bool:
    """Whether a row begins with a year and goes on with amounts, as tables of maturities do."""
    first = tokens(cells[0].text)
    if len(first) != 1 or not first[0].figure or not first[0].figure.is_year:
        return False
    rest = [token for cell in cells[1:] for token in tokens(cell.text)]
    figures = [token.figure for token in rest if token.figure]
    is_currency = any(token.kind == "currency" for token in rest)
    return bool(figures) and (is_currency or not any(figure.is_year for figure in figures))


class _Reader:
    """Takes the cells of a row from the left; a currency sign waits for its figure."""

    def __init__(self, size: float) -> None:
        self.slots: list[Slot] = []
        self._size = size
        self._currency: Cell | None = None

    def take(self, cell: Cell) -> None:
        """Append what a cell holds."""
        found = tokens(cell.text)
        if not found or _is_range(found):
            self.slots.append(Slot("text", cell.left, cell.right, cell.text))
            self._currency = None
            return
        for token in found:
            self._take(cell, token, alone=len(found) == 1)

    def _take(self, cell: Cell, token: Token, *, alone: bool) -> None:
        text = cell.text[token.start : token.end].strip()
        left, right = _place(cell, token, self._size)
        match token.kind:
            case "figure" if token.figure:
                self._figure(token.figure, text, left, right, alone=alone)
            case "none":
                self.slots.append(Slot("none", left, right, text))
                self._currency = None
            case "currency":
                self._currency = Cell(text, left, right)
            case "close" if "%" in text:
                self._percent(text)

    def _figure(self, figure: Figure, text: str, left: float, right: float, *, alone: bool) -> None:
        is_behind = bool(self.slots) and self.slots[-1].kind == "figure" and not alone
        if is_behind and _may_be_mark(figure):  # `999 (9)`
            self.slots[-1] = self.slots[-1]._replace(marked=True)
            return
        if self._currency and not figure.currency:
            figure = replace(figure, currency=self._currency.text)
            left = min(left, self._currency.left)
        self.slots.append(Slot("figure", left, right, text, figure))
        self._currency = None

    def _percent(self, text: str) -> None:
        last = self.slots[-1] if self.slots else None
        if last and last.figure:
            figure = replace(last.figure, unit="%")
            self.slots[-1] = last._replace(figure=figure, text=f"{last.text} {text}")


def _may_be_mark(figure: Figure) -> bool:
    return figure.negative and len(figure.digits) == 1


def _is_range(found: Sequence[Token]) -> bool:
    """Whether a cell holds `3 - 5 years`."""
    figures = sum(token.kind == "figure" for token in found)
    return figures > 1 and any(token.kind == "none" for token in found)


def _place(cell: Cell, token: Token, size: float) -> tuple[float, float]:
    """Where a token stands; from its share of the characters where the cell has several."""
    if token.start == 0 and token.end >= len(cell.text):
        return cell.left, cell.right
    if token.kind == "currency" and token.end >= len(cell.text):
        return cell.right - _DIGIT * size, cell.right
    if token.start == 0:  # `9,999 $`: the sign belongs to the next column
        right = cell.left + _DIGIT * size * token.end
        return cell.left, max(cell.left, min(right, cell.right - _DIGIT * size - _APART_PT))
    step = (cell.right - cell.left) / max(len(cell.text), 1)
    return cell.left + step * token.start, cell.left + step * token.end
