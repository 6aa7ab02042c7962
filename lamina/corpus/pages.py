"""PDF to lines: the only module that knows PDF libraries.

PDFium gives the text in reading order; for each line the boxes of its first and last character are
asked for, so that later stages can tell paragraphs, columns, rows and running heads apart. Every
native handle is closed before the next page is opened.
"""

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamina.corpus.normalise import LINE_END_HYPHENS, bad_characters, normalise
from lamina.pages import Line, Page, PageKind, Pages

_HEADER_WITHIN_BYTES = 1024  # where readers look for %PDF-, ISO 32000 annex H
_STAMP_CHARACTERS = 30  # a scanned page may carry this much text, such as a stamp or a number
_SCAN_COVERS = 0.5  # of the page's area
_PIECE = re.compile(f"[^\r\n{LINE_END_HYPHENS}]+[{LINE_END_HYPHENS}]?")


def read_pages(path: Path) -> Pages:
    """The pages of a PDF, or the problem why there are none. Raises nothing for a bad file."""
    if problem := _not_a_pdf(path):
        return Pages(format="pdf", problem="not_pdf", detail=problem)
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        return _unopened(error)
    try:
        return _read_document(document)
    except pypdfium2.PdfiumError as error:
        return Pages(format="pdf", problem="corrupt", detail=str(error))
    finally:
        document.close()


def _not_a_pdf(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(_HEADER_WITHIN_BYTES)
    if not head:
        return "the file is empty"
    return None if b"%PDF-" in head else "the file does not begin like a PDF"


def _unopened(error: Any) -> Pages:  # noqa: ANN401 - the library has no types
    import pypdfium2.raw as pdfium

    if error.err_code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}:
        return Pages(format="pdf", problem="encrypted", detail="a password is needed to open it")
    return Pages(format="pdf", problem="corrupt", detail="PDFium cannot open it")


def _read_document(document: Any) -> Pages:  # noqa: ANN401 - the library has no types
    import pypdfium2.raw as pdfium

    if len(document) == 0:
        return Pages(format="pdf", problem="no_pages", detail="it has no pages")
    pages = tuple(_read_page(document, number) for number in range(1, len(document) + 1))
    is_xfa = document.get_formtype() == pdfium.FORMTYPE_XFA_FULL
    failed = sum(page.why != "" and not page.lines for page in pages)
    notes = [*(["xfa"] if is_xfa else []), *(["partial"] if failed else [])]
    return Pages(format="pdf", pages=pages, notes=tuple(notes))


def _read_page(document: Any, number: int) -> Page:  # noqa: ANN401 - the library has no types
    import pypdfium2

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError as error:
        return Page(number=number, kind="blank", why=f"PDFium cannot load it: {error}")
    try:
        textpage = page.get_textpage()
        try:
            text = textpage.get_text_range()
            lines = tuple(_lines(textpage, text, page.get_bbox()))
        finally:
            textpage.close()
        width, height = page.get_size()
        bad = bad_characters(text)
        return Page(
            number=number,
            kind=_kind(page, lines, bad),
            width=round(width, 1),
            height=round(height, 1),
            lines=lines,
            bad=bad,
        )
    finally:
        page.close()


def _lines(
    textpage: Any,  # noqa: ANN401 - the library has no types
    text: str,
    bounds: tuple[float, float, float, float],
) -> Iterator[Line]:
    """The printed lines; one that PDFium joined at a hyphen is two lines again."""
    left, _, _, top = bounds
    for piece in _PIECE.finditer(text):
        printed = piece.group()
        joined = printed[-1] in LINE_END_HYPHENS
        clean = normalise(printed[:-1]) + "-" if joined else normalise(printed)
        if not clean or (joined and clean == "-"):
            continue
        first = piece.start() + len(printed) - len(printed.lstrip())
        last = piece.start() + len(printed.rstrip()) - 1
        start, end = _box(textpage, first), _box(textpage, last)
        yield Line(
            clean,
            round(start.left - left, 1),
            round(end.right - left, 1),
            round(top - start.top, 1),
            round(start.top - start.bottom, 1),
        )


def _box(textpage: Any, position: int) -> Any:  # noqa: ANN401 - the library has no types
    """Box of the character at a position of the text, as high as its font; zeros if unknown."""
    import pypdfium2.raw as pdfium

    box = pdfium.FS_RECTF()
    index = pdfium.FPDFText_GetCharIndexFromTextIndex(textpage, position)
    pdfium.FPDFText_GetLooseCharBox(textpage, index, ctypes.byref(box))
    return box


def _kind(page: Any, lines: tuple[Line, ...], bad: int) -> PageKind:  # noqa: ANN401 - no types
    characters = sum(len(line.text) for line in lines)
    if characters + bad < _STAMP_CHARACTERS:
        return "scanned" if _is_scan(page) else "text" if characters else "blank"
    return "garbled" if bad > 0.05 * (characters + bad) else "text"


def _is_scan(page: Any) -> bool:  # noqa: ANN401 - the library has no types
    """Whether pictures cover most of the page."""
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    covered = 0.0
    for picture in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = picture.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
    return bool(covered > _SCAN_COVERS * width * height)
