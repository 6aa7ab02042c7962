"""Text, Markdown and files of questions, in the same shape as a PDF's pages."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lamina.corpus.normalise import bad_characters, normalise
from lamina.pages import CELL_BORDER, Line, Page, Pages, Question

_PIPE = re.compile(r"(?<!\\)\|")  # between the cells of a Markdown table
_DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*|\s*\|\s*:?-+:?\s*\|\s*")
_COLUMN_GAP = re.compile(r" {3,}|\t+")  # between the cells of a table set with a typewriter
_FORM_FEED = "\f"  # what printers and converters put between pages


def read_text(path: Path) -> Pages:
    """A text or Markdown file; blank lines stay, since they part its paragraphs."""
    content = path.read_bytes()
    if not content:
        return Pages(format="text", problem="no_text", detail="the file is empty")
    if content.count(b"\0") > len(content) // 100:
        return Pages(format="text", problem="not_text", detail="the file holds binary data")
    sheets = _decoded(content).split(_FORM_FEED)
    pages = tuple(_sheet(number, sheet) for number, sheet in enumerate(sheets, start=1))
    return Pages(format="text", pages=pages)


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


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


def read_questions(path: Path) -> Pages:
    """Questions with answers from JSON Lines or CSV with the columns `question` and `answer`.

    Entries without either are left out; the `partial` note tells that there were some.
    """
    text = _decoded(path.read_bytes())
    entries = list(_json_lines(text) if path.suffix.lower() == ".jsonl" else _csv_rows(text))
    questions = tuple(question for entry in entries if (question := _question(entry)))
    if not questions:
        detail = "no line of it holds a question and an answer"
        return Pages(format="questions", problem="no_questions", detail=detail)
    notes = ("partial",) if len(questions) < len(entries) else ()
    return Pages(format="questions", questions=questions, notes=notes)


def _json_lines(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError:
                yield None


def _csv_rows(text: str) -> Iterator[Any]:
    try:
        yield from csv.DictReader(io.StringIO(text))
    except csv.Error:
        yield None


def _question(entry: Any) -> Question | None:  # noqa: ANN401 - whatever the file holds
    if not isinstance(entry, dict):
        return None
    question, answer = (_cell(entry.get(name)) for name in ("question", "answer"))
    return Question(question=question, answer=answer) if question and answer else None


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, (_cell(item) for item in value)))
    return normalise(str(value)) if isinstance(value, str | int | float) else ""
