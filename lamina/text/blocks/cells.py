"""Table rows: which lines are some, and how they are written."""

import re
from collections.abc import Sequence

from lamina.text.pages import CELL_BORDER

# One class of characters or short alternatives, no nesting: no text can make the match slow.
_FIGURE = re.compile(
    r"[$\u20ac\u00a3]?\(?[-\u2212]?[$\u20ac\u00a3]?\d(?:[\d,.]*\d)?\)?%?\)?|n/?[am]\.?"
)
_DASH = re.compile(r"[$\u20ac\u00a3]?\s?[\u2014\u2013-]")
_CURRENCY = frozenset("$\u20ac\u00a3\u00a5")
_CURRENCY_TOO_EARLY = re.compile(rf"(?<=\S) ([$\u20ac\u00a3\u00a5]){CELL_BORDER}")
_CLOSING = frozenset((")", "%", ")%", "%)"))
_YEAR = re.compile(r"(?:19|20)\d\d")
_BULLET = re.compile(r"\W{1,3}|\(?[A-Za-z0-9]{1,3}[.)]")
_FEWEST_FIGURES = 2  # that make a line without cells a row
_LABEL_WORDS = 12  # with more before its figures, a line without cells is running text


def cells(text: str) -> list[str]:
    """The line's cells; a lone currency sign, bracket or bullet is none of its own."""
    result: list[str] = []
    for cell in _CURRENCY_TOO_EARLY.sub(rf"{CELL_BORDER}\1 ", text).split(CELL_BORDER):
        if result and (result[-1] in _CURRENCY or cell in _CLOSING):
            result[-1] += f" {cell}"
        elif len(result) == 1 and _BULLET.fullmatch(result[0]):
            result[0] += f" {cell}"
        else:
            result.append(cell)
    return result


def is_row(text: str, neighbours: Sequence[str] = ()) -> bool:
    """Whether a line is a row: by its figures, or by cells like those of the lines around it."""
    own = cells(text)
    if len(own) > 1:
        if any(is_figure(cell) for cell in own[1:]):
            return True
        return any(len(cells(other)) > 1 for other in neighbours)
    figures = _figures_at_end(text)
    return figures >= _FEWEST_FIGURES and len(text.split()) - figures <= _LABEL_WORDS


def row_text(text: str) -> str:
    """The row as it goes into the dataset: cells two spaces apart."""
    return CELL_BORDER.join(cells(text))


def is_figure(cell: str) -> bool:
    """Whether a cell holds an amount, a share, or the dash that stands for none."""
    words = [word for word in cell.split() if word not in _CURRENCY and word not in _CLOSING]
    return bool(words) and all(_FIGURE.fullmatch(word) or _DASH.fullmatch(word) for word in words)


def is_header(text: str) -> bool:
    """Whether a row names the columns: words and years, no amount."""
    own = cells(text)
    return len(own) > 1 and all(_YEAR.fullmatch(cell) or not is_figure(cell) for cell in own)


def names_years(text: str) -> bool:
    """Whether a row names columns that are years or dates: amounts must follow."""
    return is_header(text) and _YEAR.search(text) is not None


def is_caption(text: str) -> bool:
    """Whether a row is a single cell of words: it says what the rows below it are."""
    return CELL_BORDER not in text and not _figures_at_end(text)


def _figures_at_end(text: str) -> int:
    count = 0
    for word in reversed(text.split()):
        if _FIGURE.fullmatch(word) or _DASH.fullmatch(word):
            count += 1
        elif word not in _CURRENCY and word not in _CLOSING:
            break
    return count
