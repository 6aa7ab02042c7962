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
from lamina.corpus.normalise import LINE_END_HYPHENS, bad_characters, normalise
from lamina.pages import CELL_BORDER, Line, Page

_STAMP_CHARACTERS = 30  # a scanned page may carry this much text, such as a stamp or a number
_SCAN_COVERS = 0.5  # of the page's area
_DIGIT_OR_DASH = re.compile(r"[\d\u2014\u2013]")
_INNER_SPACE = re.compile(r"(?<=\S)\s+(?=\S)")
_DATE = re.compile(r"D:(\d{8,14})")  # ISO 32000, 7.9.4
_LONG_LINE = 60  # characters; longer ones without figures are running text
_WIDE_GAP = 1.0  # heights of the font; in justified text a space is narrower
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
    boxes = _Boxes(page, textpage, text)
    for piece in _PIECE.finditer(text):
        printed = piece.group()
        joined = printed[-1] in LINE_END_HYPHENS
        clean = _cells(printed[:-1] if joined else printed, piece.start(), boxes)
        if not clean:
            continue
        first = piece.start() + len(printed) - len(printed.lstrip())
        last = piece.start() + len(printed.rstrip()) - 1
        left, _, top, size = boxes.place(first)
        if not size and last > first:  # a character that is not drawn
            size = boxes.place(first + 1)[3]
        _, right, _, _ = boxes.place(last)
        yield Line(clean + "-" * joined, left, right, top, size)


def _cells(printed: str, start: int, boxes: "_Boxes") -> str:
    """The line's text; wide gaps become borders of cells, in long lines only beside figures."""
    if len(printed) > _LONG_LINE and not _DIGIT_OR_DASH.search(printed):
        return normalise(printed)
    cells, begin = [], 0
    for space in _INNER_SPACE.finditer(printed):
        if boxes.is_wide(start + space.start() - 1, start + space.end()):
            cells.append(printed[begin : space.start()])
            begin = space.end()
    texts = (normalise(cell) for cell in (*cells, printed[begin:]))
    return CELL_BORDER.join(text for text in texts if text)


class _Boxes:
    """Boxes of a page's characters, by their place in its text."""

    def __init__(self, page: Any, textpage: Any, text: str) -> None:  # noqa: ANN401 - no types
        import pypdfium2.raw as pdfium

        self._textpage = textpage
        self._bounds = page.get_bbox()
        self._rotation = page.get_rotation()
        self._before, self._box = pdfium.FS_RECTF(), pdfium.FS_RECTF()
        self._loose = pdfium.FPDFText_GetLooseCharBox
        self._index = pdfium.FPDFText_GetCharIndexFromTextIndex
        self._aligned = textpage.count_chars() == len(text)

    def _look(self, position: int, box: Any) -> None:  # noqa: ANN401 - the library has no types
        index = position if self._aligned else self._index(self._textpage, position)
        self._loose(self._textpage, index, box)

    def is_wide(self, before: int, after: int) -> bool:
        """Whether the gap between two characters parts cells."""
        self._look(before, self._before)
        self._look(after, self._box)
        if self._rotation in {90, 270}:
            size = self._before.right - self._before.left
            gap = max(self._box.bottom - self._before.top, self._before.bottom - self._box.top)
        else:
            size = self._before.top - self._before.bottom
            gap = max(self._box.left - self._before.right, self._before.left - self._box.right)
        return bool(gap > _WIDE_GAP * size)

    def place(self, position: int) -> tuple[float, float, float, float]:
        """(left, right, top, size) as the page is shown; zeros where PDFium knows none."""
        self._look(position, self._box)
        box = self._box
        left, bottom, right, top = self._bounds
        match self._rotation:
            case 90:
                place = (box.bottom - bottom, box.top - bottom, box.left - left)
            case 180:
                place = (right - box.right, right - box.left, box.bottom - bottom)
            case 270:
                place = (top - box.top, top - box.bottom, right - box.right)
            case _:
                place = (box.left - left, box.right - left, top - box.top)
        upright = self._rotation in {0, 180}
        size = box.top - box.bottom if upright else box.right - box.left
        return round(place[0], 1), round(place[1], 1), round(place[2], 1), round(size, 1)


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
