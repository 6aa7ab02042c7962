"""Text recognition for pages that are pictures: Tesseract, where it is installed and asked for.

Covered: one page at a time, its words with their places and Tesseract's confidence in them. Not
covered: straightening, cleaning and columns, for which Tesseract's own layout analysis stands.
"""

import csv
import io
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamina.errors import ResourceError
from lamina.text.normalise import normalise
from lamina.text.pages import Line, Page

READER = "tesseract"
REASONS = {"scanned": "the page is a picture", "garbled": "its fonts have no meaning"}
_DPI = 300  # what Tesseract's models were trained for
_POINTS = 72  # per inch
_MOST_PIXELS = 40e6  # of a poster, so that its picture takes 120 MB and no more
_WORD_LEVEL = "5"  # of the TSV: page, block, paragraph, line, word


def check_recognition(languages: str) -> None:
    """Raise ResourceError unless the program and its data for these languages are installed."""
    if shutil.which("tesseract") is None:
        msg = (
            "text recognition needs Tesseract, which is not installed; "
            "install it (such as `apt-get install tesseract-ocr`), or read without OCR"
        )
        raise ResourceError(msg)
    listed = subprocess.run(
        ["tesseract", "--list-langs"],  # noqa: S607 - from PATH
        check=False,
        capture_output=True,
        text=True,
    )
    known = set(listed.stdout.split())
    for language in languages.split("+"):
        if language not in known:
            msg = (
                f"Tesseract has no data for the language {language}; install it "
                f"(such as `apt-get install tesseract-ocr-{language}`), or choose another"
            )
            raise ResourceError(msg)


def recognised(document: Any, found: Page, languages: str) -> Page | None:  # noqa: ANN401 - no types
    """A page of a PDFium document, as Tesseract reads it; none where it fails.

    `found` is the page as PDFium gave it.

    `languages` are Tesseract's names, such as `eng` or `eng+deu`.
    """
    page = document[found.number - 1]
    try:
        width, height = page.get_size()
        scale = min(_DPI / _POINTS, math.sqrt(_MOST_PIXELS / max(1.0, width * height)))
        picture = page.render(scale=scale).to_pil()
    finally:
        page.close()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        picture.save(path)
        done = subprocess.run(
            ["tesseract", str(path), "stdout", "-l", languages, "tsv"],  # noqa: S607 - from PATH
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_THREAD_LIMIT": "1"},  # one core per reader
        )
    if done.returncode:
        return None
    words = list(_words(done.stdout))
    sure = [float(word["conf"]) for word in words]
    return Page(
        number=found.number,
        kind="text" if words else found.kind,
        width=round(width, 1),
        height=round(height, 1),
        lines=tuple(_lines(words, scale)),
        reader=READER,
        why=REASONS[found.kind],
        confidence=round(sum(sure) / len(sure), 1) if sure else None,
    )


def _words(table: str) -> Iterator[dict[str, str]]:
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == _WORD_LEVEL and row["text"] and row["text"].strip():
            yield row


def _lines(words: list[dict[str, str]], scale: float) -> Iterator[Line]:
    """Words of one line together; pixels become points."""
    lines: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for word in words:
        place = word["block_num"], word["par_num"], word["line_num"]
        lines.setdefault(place, []).append(word)
    for line in lines.values():
        text = normalise(" ".join(word["text"] for word in line))
        left = min(int(word["left"]) for word in line)
        right = max(int(word["left"]) + int(word["width"]) for word in line)
        top = min(int(word["top"]) for word in line)
        size = max(int(word["height"]) for word in line)
        a, b, c, d = (round(pixels / scale, 1) for pixels in (left, right, top, size))
        yield Line(text, a, b, c, d)
