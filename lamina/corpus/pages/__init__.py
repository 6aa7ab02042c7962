"""PDF to lines: the only package that knows PDF libraries, and the order in which they are tried.

PDFium; where it cannot open the file, PDFium on what pikepdf could repair; where that fails too, or
for single pages that PDFium cannot load or gives without meaning, pdfplumber.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lamina.corpus.pages import pdfium, plumber, recognition
from lamina.corpus.pages.pdfium import BrokenError, LockedError
from lamina.corpus.pages.repair import repaired
from lamina.text.pages import Page, Pages

_HEADER_WITHIN_BYTES = 1024  # where readers look for %PDF-, ISO 32000 annex H
_TRIES = 3  # pages that pdfplumber may fail on before it is asked no more

Opened = Callable[[int], None]  # told the number of pages


def read_pages(path: Path, opened: Opened = lambda _: None, recognise: str = "") -> Pages:
    """The pages of a PDF, or the problem why there are none. Raises nothing for a bad file.

    With `recognise`, the names of Tesseract's languages, pages that are pictures are read by it.
    """
    if detail := _not_a_pdf(path):
        return Pages(format="pdf", problem="not_pdf", detail=detail)
    try:
        return _with_pdfium(path, path, opened, recognise)
    except LockedError:
        detail = "a password is needed to open it"
        return Pages(format="pdf", problem="encrypted", detail=detail)
    except BrokenError:
        return _damaged(path, opened, recognise)


def _not_a_pdf(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(_HEADER_WITHIN_BYTES)
    if not head:
        return "the file is empty"
    return None if b"%PDF-" in head else "the file does not begin like a PDF"


def _damaged(path: Path, opened: Opened, recognise: str) -> Pages:
    try:
        found = _with_pdfium(repaired(path), path, opened, recognise)
        return found.model_copy(update={"notes": (*found.notes, "repaired")})
    except LockedError:
        detail = "a password is needed to open it"
        return Pages(format="pdf", problem="encrypted", detail=detail)
    except BrokenError:
        return _with_plumber(path, opened)


def _with_pdfium(source: Path | bytes, path: Path, opened: Opened, recognise: str) -> Pages:
    with pdfium.opened(source) as document:
        count = len(document)
        opened(count)
        if count == 0:
            return Pages(format="pdf", problem="no_pages", detail="it has no pages")
        read = [_page(document, number, recognise) for number in range(1, count + 1)]
        is_form = pdfium.is_dynamic_form(document)
        created = pdfium.created(document)
    pages = _second_reading(path, read)
    partial = any(page.why and not page.lines for page in pages)
    notes = (*(["xfa"] if is_form else []), *(["partial"] if partial else []))
    return Pages(format="pdf", pages=tuple(pages), created=created, notes=notes)


def _page(document: Any, number: int, recognise: str) -> Page | None:  # noqa: ANN401 - no types
    page = pdfium.read_page(document, number)
    if not recognise or not page or page.kind not in recognition.REASONS:
        return page
    return recognition.recognised(document, page, recognise) or page


def _second_reading(path: Path, read: list[Page | None]) -> list[Page]:
    """The pages, those that PDFium failed on as pdfplumber reads them, if it can."""
    failed = [n for n, page in enumerate(read, 1) if page is None or page.kind == "garbled"]
    better: dict[int, Page] = {}
    if failed:
        try:
            with plumber.opened(path) as document:
                better = _better(document, failed, read)
        except BrokenError:
            pass
    lost = "PDFium cannot load the page"
    return [
        better.get(n) or page or Page(number=n, kind="blank", why=lost)
        for n, page in enumerate(read, 1)
    ]


def _better(document: Any, failed: list[int], read: list[Page | None]) -> dict[int, Page]:  # noqa: ANN401 - no types
    better: dict[int, Page] = {}
    for tries, number in enumerate(failed):
        if tries >= _TRIES and not better:
            break
        before = read[number - 1]
        why = "PDFium gave characters without meaning" if before else "PDFium cannot load the page"
        page = plumber.read_page(document, number, why)
        if page and page.kind in {"text", "table"}:
            better[number] = page
    return better


def _with_plumber(path: Path, opened: Opened) -> Pages:
    why = "neither PDFium nor the repair could open the file"
    try:
        with plumber.opened(path) as document:
            count = len(document.pages)
            opened(count)
            read = [plumber.read_page(document, number, why) for number in range(1, count + 1)]
    except Exception:  # noqa: BLE001 - pdfplumber's page tree raises anything on damaged files
        read = []
    pages = tuple(page for page in read if page)
    if not any(page.lines for page in pages):
        return Pages(format="pdf", problem="corrupt", detail="no reader can open it")
    notes = ("partial",) if len(pages) < len(read) else ()
    return Pages(format="pdf", pages=pages, notes=notes)
