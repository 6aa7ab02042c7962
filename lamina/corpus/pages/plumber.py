"""The last reader: pdfplumber, 30 times slower, for what PDFium cannot read."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lamina.corpus.layout import page_kind
from lamina.corpus.pages.pdfium import BrokenError
from lamina.text.normalise import bad_characters, normalise
from lamina.text.pages import Line, Page

READER = "pdfplumber"
_UNKNOWN_GLYPH = "(cid:"


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A PDF document as pdfplumber opens it.

    Raises:
        BrokenError: it cannot; on damaged files pdfplumber raises errors of any kind.

    """
    import pdfplumber

    with path.open("rb") as file:  # pdfplumber leaves its own open where opening fails
        try:
            document = pdfplumber.open(file)
        except Exception as error:
            raise BrokenError from error
        try:
            yield document
        finally:
            with suppress(Exception):  # closing walks the page tree, which may be what is damaged
                document.close()


def read_page(document: Any, number: int, why: str) -> Page | None:  # noqa: ANN401 - no types
    """A page, counted from 1; none where it cannot be read."""
    try:
        page = document.pages[number - 1]
        lines = page.extract_text_lines(return_chars=True)
        page.close()  # else its objects stay in memory with the document
    except Exception:  # noqa: BLE001 - pdfplumber raises bare TypeError, IndexError, RecursionError
        return None
    placed = [_line(entry) for entry in lines]
    shown = tuple(line for line in placed if line.text)
    text = "\n".join(line.text for line in shown)
    bad = bad_characters("".join(str(entry["text"]) for entry in lines))
    bad += text.count(_UNKNOWN_GLYPH) * len("(cid:00)")
    return Page(
        number=number,
        kind=page_kind(shown, bad),
        width=round(float(page.width), 1),
        height=round(float(page.height), 1),
        lines=shown,
        bad=bad,
        reader=READER,
        why=why,
    )


def _line(entry: dict[str, Any]) -> Line:
    size = float(entry["chars"][0]["size"]) if entry["chars"] else 0.0
    left, right, top = (round(float(entry[name]), 1) for name in ("x0", "x1", "top"))
    return Line(normalise(str(entry["text"])), left, right, top, round(size, 1))
