"""Cells of a printed line with their places, and rows: a label, and figures right of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from lamina.study.facts.figures import Figure, Kind, Token, tokens
from lamina.text.pages import CELL_BORDER, Line

_DIGIT = 0.46  # heights of the font, the width of a digit
_APART_PT = 1.0  # between a figure and the next column's currency sign


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


def row_of(line: Line) -> Row | None:
    """The line as a row; none where no figure stands in a cell of its own."""
    cells = cells_of(line)
    label, rest = "", cells
    if cells and not tokens(cells[0].text):
        label, rest = cells[0].text, cells[1:]
    elif cells and _is_year_label(cells):
        label, rest = cells[0].text, cells[1:]
    slots: list[Slot] = []
    currency: Cell | None = None
    for cell in rest:
        found = tokens(cell.text)
        if not found:
            slots.append(Slot("text", cell.left, cell.right, cell.text))
            continue
        currency = _add(slots, cell, found, currency, line.size)
    if not any(slot.kind == "figure" for slot in slots):
        return None
    return Row(label, tuple(slots), line)


def _is_year_label(cells: Sequence[Cell]) -> bool:
    """Whether a row begins with a year and goes on with amounts, as tables of maturities do."""
    first = tokens(cells[0].text)
    if len(first) != 1 or not first[0].figure or not first[0].figure.is_year:
        return False
    rest = [token for cell in cells[1:] for token in tokens(cell.text)]
    figures = [token.figure for token in rest if token.figure]
    is_currency = any(token.kind == "currency" for token in rest)
    return bool(figures) and (is_currency or not any(figure.is_year for figure in figures))


def _add(
    slots: list[Slot], cell: Cell, found: Sequence[Token], currency: Cell | None, size: float
) -> Cell | None:
    """Append what a cell holds; returns the currency sign that waits for its figure."""
    figures = [token for token in found if token.kind == "figure"]
    if len(figures) > 1 and any(token.kind == "none" for token in found):  # a range
        slots.append(Slot("text", cell.left, cell.right, cell.text))
        return None
    for token in found:
        text = cell.text[token.start : token.end].strip()
        left, right = _place(cell, token, size)
        if token.kind == "figure" and token.figure:
            figure = token.figure
            if currency and not figure.currency:
                figure = replace(figure, currency=currency.text)
                left = min(left, currency.left)
            if slots and slots[-1].kind == "figure" and len(found) > 1 and _may_be_mark(token):
                slots[-1] = slots[-1]._replace(marked=True)
                continue
            slots.append(Slot("figure", left, right, text, figure))
            currency = None
        elif token.kind == "none":
            slots.append(Slot("none", left, right, text))
            currency = None
        elif token.kind == "currency":
            currency = Cell(text, left, right)
        elif token.kind == "close" and slots and slots[-1].figure and "%" in text:
            last = slots[-1]
            assert last.figure is not None
            slots[-1] = last._replace(
                figure=replace(last.figure, unit="%"), text=f"{last.text} {text}"
            )
    return currency


def _may_be_mark(token: Token) -> bool:
    figure = token.figure
    return figure is not None and figure.negative and len(figure.digits) == 1


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
