"""Text and Markdown files, in the same shape as a PDF's pages."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lamina.text.decoding import UTF_16, decoded
from lamina.text.normalise import bad_characters, normalise
from lamina.text.pages import CELL_BORDER, Line, Page, Pages

_PIPE = re.compile(r"(?<!\\)\|")  # between the cells of a Markdown table
_DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*|\s*\|\s*:?-+:?\s*\|\s*")
_COLUMN_GAP = re.compile(r" {3,}|\t+")  # between the cells of a table set with a typewriter
_FORM_FEED = "\f"  # what printers and converters put between pages


def read_text(path: Path) -> Pages:
    """A text or Markdown file; blank lines stay, since they part its paragraphs."""
    content = path.read_bytes()
    if not content:
        return Pages(format="text", problem="no_text", detail="the file is empty")
    if content.count(b"\0") > len(content) // 100 and not content.startswith(UTF_16):
        return Pages(format="text", problem="not_text", detail="the file holds binary data")
    sheets = decoded(content).split(_FORM_FEED)
    pages = tuple(_sheet(number, sheet) for number, sheet in enumerate(sheets, start=1))
    return Pages(format="text", pages=pages)


def _sheet(number: int, text: str) -> Page:
    lines = tuple(Line(line, 0.0, 0.0, 0.0, 0.0) for line in _lines(text.splitlines()))
    kind = "text" if any(line.text for line in lines) else "blank"
    return Page(number=number, kind=kind, lines=lines, bad=bad_characters(text), reader="text")


def _lines(printed: Sequence[str]) -> Iterator[str]:
    """The lines, the cells of tables with the border that every format's rows have."""
    ruled = {index for index, line in enumerate(printed) if _DELIMITER.fullmatch(line)}
    in_table = False
    for index, line in enumerate(printed):
        in_table = "|" in line and (in_table or index + 1 in ruled)
        if index in ruled and in_table:
            continue  # the line that parts a table's head from its rows
        if in_table:
            cells = [cell.replace("\\|", "|") for cell in _PIPE.split(line)]
        else:
            cells = _COLUMN_GAP.split(line.strip())
        yield CELL_BORDER.join(filter(None, map(normalise, cells)))
