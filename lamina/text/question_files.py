"""Files of questions as people keep them: JSON Lines, JSON, or CSV as spreadsheets write it."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lamina.text.decoding import decoded
from lamina.text.questions import Question, question_of

SUFFIXES = (".jsonl", ".json", ".csv", ".tsv")
REPEATED = "repeated"
_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_CELL = 10 << 20  # characters; Python's own limit is 128 KiB


class LeftOut(NamedTuple):
    """An entry that gives no question of its own."""

    place: str  # "line 3", or "entry 3" of a JSON file
    reason: str


class QuestionFile(NamedTuple):
    """What a file holds."""

    questions: tuple[Question, ...]
    left_out: tuple[LeftOut, ...]


def read_question_file(path: Path) -> QuestionFile:
    """Every question of the file once, and each entry that was left out with its place.

    Raises:
        OSError: the file cannot be read.

    """
    taken: dict[tuple[str, str, str], Question] = {}
    left = []
    for place, entry in _entries(path):
        found = question_of(entry)
        if isinstance(found, str):
            left.append(LeftOut(place, found))
            continue
        if taken.setdefault((found.topic, found.question, found.answer), found) is not found:
            left.append(LeftOut(place, REPEATED))
    return QuestionFile(tuple(taken.values()), tuple(left))


def _entries(path: Path) -> Iterator[tuple[str, Any]]:
    """Place and content of each entry; None where it is broken."""
    text = decoded(path.read_bytes())
    match path.suffix.lower():
        case ".jsonl":
            return _json_lines(text)
        case ".json":
            return _json(text)
        case _:
            return _csv_rows(text)


def _json_lines(text: str) -> Iterator[tuple[str, Any]]:
    # Not splitlines: other characters that end lines may stand within JSON.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield f"line {number}", _loaded(line)


def _json(text: str) -> Iterator[tuple[str, Any]]:
    """The entries of a list, which may be the one list in an object (`{"questions": [...]}`)."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as wrong:
        if "Extra data" in wrong.msg and "\n" in text.strip():  # JSON Lines under another name
            yield from _json_lines(text)
        else:
            yield f"line {wrong.lineno}", None
        return
    except (ValueError, RecursionError):
        yield "line 1", None
        return
    if isinstance(content, dict) and isinstance(question_of(content), str):
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else content
    entries = content if isinstance(content, list) else [content]
    for number, entry in enumerate(entries, start=1):
        yield f"entry {number}", entry


def _loaded(line: str) -> Any:  # noqa: ANN401 - whatever the line holds
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _csv_rows(text: str) -> Iterator[tuple[str, Any]]:
    csv.field_size_limit(_LONGEST_CELL)
    first, _, rest = text.partition("\n")
    skipped = 0
    if first.strip().casefold().startswith("sep="):  # the line with which Excel names it
        text, skipped = rest, 1
    delimiter = max(_DELIMITERS, key=first.count)
    # Strict: a quotation mark that is never closed would swallow the rest of the file.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    while True:
        place = f"line {skipped + reader.line_num + 1}"
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield place, None
            continue
        if names is None:
            names = row
        elif any(cell.strip() for cell in row):
            yield place, dict(zip(names, _filled(row, len(names)), strict=True))


def _filled(row: list[str], width: int) -> list[str]:
    return [*row, *[""] * width][:width]
