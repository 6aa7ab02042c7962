"""The first reader: PDFium gives the text in reading order.

For each line the boxes of its first and last character are asked for, so that later stages can tell
paragraphs, columns, rows and running heads apart. Every native handle is closed before the next
page is opened.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lamina.corpus.layout import page_kind, with_whole_rows
from lamina.corpus.pages.boxes import Boxes
from lamina.text.normalise import LINE_END_HYPHENS, bad_characters, normalise
from lamina.text.pages import CELL_BORDER, Line, Page

_STAMP_CHARACTERS = 30  # a scanned page may carry this much text, such as a stamp or a number
_SCAN_COVERS = 0.5  # of the page's area
_DIGIT_DASH_OR_BULLET = re.compile(r"[\d\u2014\u2013\u2022\u25aa\u25cf]")
_INNER_SPACE = re.compile(r"(?<=\S)\s+(?=\S)")
_DATE = re.compile(r"D:(\d{8,14})")  # ISO 32000, 7.9.4
_LONG_LINE = 60  # characters; longer ones without figures are running text
_WIDE_GAP = 1.0  # heights of the font; in justified text a space is narrower
_TURN = -2.0  # heights of the font back to the left
_PIECE = re.compile(f"[^\r\n{LINE_END_HYPHENS}]+[{LINE_END_HYPHENS}]?")


class LockedError(Exception):
    """A password is needed to open the file."""


class BrokenError(Exception):
    """The reader cannot open the file."""


@contextmanager
def opened(source: Path | bytes) -> Iterator[Any]:
    """A PDF document; the empty password is tried where one is needed.

    Raises:
        LockedError: a password is needed.
        BrokenError: PDFium cannot open it.

    """
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        if error.err_code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}:
            raise LockedError from error
        raise BrokenError from error
    try:
        yield document
    finally:
        document.close()


def is_dynamic_form(document: Any) -> bool:  # noqa: ANN401 - the library has no types
    """Whether the pages are placeholders for an XFA form that PDFium does not draw."""
    import pypdfium2.raw as pdfium

    return bool(document.get_formtype() == pdfium.FORMTYPE_XFA_FULL)


def created(document: Any) -> str:  # noqa: ANN401 - the library has no types
    """When the document says it was made or last changed, as digits that sort by time."""
    dates = (document.get_metadata_value(name) for name in ("CreationDate", "ModDate"))
    found = (_DATE.match(date) for date in dates)
    return max((match[1] for match in found if match), default="")


def read_page(document: Any, number: int) -> Page | None:  # noqa: ANN401 - no types
    """A page, counted from 1; none where PDFium cannot load it."""
    import pypdfium2

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return None
    try:
        textpage = page.get_textpage()
        try:
            text = textpage.get_text_range()
            lines = with_whole_rows(tuple(_lines(textpage, text, page)))
        finally:
            textpage.close()
        width, height = page.get_size()
        bad = bad_characters(text)
        return Page(
            number=number,
            kind="scanned" if _is_scan(page, lines, bad) else page_kind(lines, bad),
            width=round(width, 1),
            height=round(height, 1),
            lines=lines,
            bad=bad,
        )
    except pypdfium2.PdfiumError:
        return None
    finally:
        page.close()


def _lines(
    textpage: Any,  # noqa: ANN401 - the library has no types
    text: str,
    page: Any,  # noqa: ANN401 - the library has no types
) -> Iterator[Line]:
    """The printed lines; one that PDFium joined at a hyphen is two lines again."""
    boxes = Boxes(page, textpage, text)
    for piece in _PIECE.finditer(text):
        printed = piece.group()
        hyphen = "-" if printed[-1] in LINE_END_HYPHENS else ""
        rows = _rows(printed.rstrip(LINE_END_HYPHENS), piece.start(), boxes)
        for number, row in enumerate(rows, start=1):
            cells = [(clean, a, b) for a, b in row if (clean := normalise(text[a:b]))]
            if cells:
                end = hyphen if number == len(rows) else ""
                clean = CELL_BORDER.join(cell for cell, _, _ in cells)
                line = _placed(clean + end, text, row[0][0], row[-1][1], boxes)
                places = (boxes.sides(*_stripped(text, a, b)) for _, a, b in cells)
                yield line._replace(cells=tuple(places)) if len(cells) > 1 else line


def _rows(printed: str, start: int, boxes: Boxes) -> list[list[tuple[int, int]]]:
    """Cells of a piece as (first, last) places in the text: wide gaps part them.

    In long pieces of running text on one line no gaps are looked for. Where the text goes back to
    the left, PDFium has missed the end of a row.
    """
    rows: list[list[tuple[int, int]]] = [[]]
    begin = start
    is_short = len(printed) <= _LONG_LINE
    if is_short or _DIGIT_DASH_OR_BULLET.search(printed) or boxes.falls(start, len(printed)):
        for space in _INNER_SPACE.finditer(printed):
            gap = boxes.gap(start + space.start() - 1, start + space.end())
            if gap > _WIDE_GAP or gap < _TURN:
                rows[-1].append((begin, start + space.start()))
                begin = start + space.end()
            if gap < _TURN:
                rows.append([])
    rows[-1].append((begin, start + len(printed)))
    return rows


def _placed(clean: str, text: str, first: int, end: int, boxes: Boxes) -> Line:
    """The line with its place; height and font are those of its first letter, not of a bullet."""
    first, end = _stripped(text, first, end)
    near = range(first, min(end, first + 8))
    # A figure before the letters may be a footnote's raised mark; rows of figures have no letters.
    letter = next(
        (at for test in (str.isalpha, str.isalnum) for at in near if test(text[at])), first
    )
    left, right = boxes.sides(first, end)
    _, _, top, size = boxes.place(letter)
    return Line(clean, left, right, top, size)


def _stripped(text: str, first: int, end: int) -> tuple[int, int]:
    """The places of a piece without the spaces around it; one character stays in any case."""
    while first < end - 1 and text[first].isspace():
        first += 1
    while end > first + 1 and text[end - 1].isspace():
        end -= 1
    return first, end


def _is_scan(page: Any, lines: Sequence[Line], bad: int) -> bool:  # noqa: ANN401 - no types
    """Whether pictures cover most of a page that has hardly any text."""
    if sum(len(line.text) for line in lines) + bad >= _STAMP_CHARACTERS:
        return False
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    covered = 0.0
    for picture in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = picture.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
    return bool(covered > _SCAN_COVERS * width * height)
