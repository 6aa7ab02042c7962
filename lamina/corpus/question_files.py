"""Files of questions with answers: JSON Lines, or CSV as spreadsheets write it."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamina.corpus.normalise import normalise
from lamina.corpus.plain_text import decoded
from lamina.text.pages import Pages, Question

_EVIDENCE = ("evidence", "evidence_text", "context")  # names that such columns have
_DELIMITERS = (",", ";", "\t")
_LONGEST_CELL = 10 << 20  # characters; Python's own limit is 128 KiB
_LEFT_OUT = {
    "unreadable": "cannot be read as an entry",
    "no question": "without a question",
    "no answer": "without an answer",
    "repeated": "repeated",
}


def read_questions(path: Path) -> Pages:
    """Questions with answers, and their evidence if there is some; each entry once.

    Entries that cannot be taken are left out; the `partial` note tells that there were some, and
    the detail how many and why.
    """
    text = decoded(path.read_bytes())
    entries = _json_lines(text) if path.suffix.lower() == ".jsonl" else _csv_rows(text)
    taken: dict[tuple[str, str], Question] = {}
    left: Counter[str] = Counter()
    for entry in entries:
        question = _question(entry)
        if isinstance(question, str):
            left[question] += 1
        elif taken.setdefault((question.question, question.answer), question) is not question:
            left["repeated"] += 1
    told = ", ".join(f"{left[code]} {words}" for code, words in _LEFT_OUT.items() if left[code])
    if not taken:
        detail = f"no entry of it holds a question and an answer ({told or 'it is empty'})"
        return Pages(format="questions", problem="no_questions", detail=detail)
    notes = ("partial",) if left else ()
    return Pages(format="questions", questions=tuple(taken.values()), notes=notes, detail=told)


def _json_lines(text: str) -> Iterator[Any]:
    for line in text.split("\n"):  # other characters that end lines may stand within JSON
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None


def _csv_rows(text: str) -> Iterator[Any]:
    csv.field_size_limit(_LONGEST_CELL)
    head = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        yield from csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        yield None


def _question(entry: Any) -> Question | str:  # noqa: ANN401 - whatever the file holds
    """The question of an entry, or the code of why there is none."""
    if not isinstance(entry, dict):
        return "unreadable"
    named = {str(name).strip().casefold(): value for name, value in entry.items()}
    question, answer = (_cell(named.get(name)) for name in ("question", "answer"))
    if not question or not answer:
        return "no answer" if question else "no question"
    evidence = next(filter(None, (_cell(named.get(name)) for name in _EVIDENCE)), "")
    return Question(question=question, answer=answer, evidence=evidence)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, (_cell(item) for item in value)))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return "\n".join(filter(None, map(normalise, str(value).splitlines())))
