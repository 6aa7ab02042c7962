"""Cells and answers as CSV, for spreadsheets and for programs. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from lamina.assessment.asking.matrix import item_name
from lamina.assessment.report.records import AnswerRecord, AnyRecord, choices_by_place
from lamina.assessment.report.review import doubt
from lamina.assessment.report.summary import Summary
from lamina.text.questions import Question

# A spreadsheet takes what begins so for a formula and runs it (OWASP, "CSV Injection").
_FORMULA = re.compile(r"\A[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"\A[+-]?[\d.,]+\s?%?\Z")

CELLS = ("blend", "topic", "questions", "right", "right_gain", "holds_reference", "d", "d_gain",
         "d_questions", "likeliest", "loss", "loss_gain", "loss_tokens", "unseen_questions",
         "unseen_right", "verdict")  # fmt: skip
ANSWERS = ("topic", "item", "proves", "blend", "question", "reference", "answer", "right",
           "graded_as", "why", "holds_reference", "d", "rank", "of", "overruled_by", "doubt", "key",
           "file", "page", "evidence")  # fmt: skip


def cells_csv(summary: Summary) -> str:
    """One row a cell; shares are 0 to 1, D and loss nats per token."""
    return _csv(CELLS, _cells(summary))


def answers_csv(records: Iterable[AnyRecord], questions: Iterable[Question] = ()) -> str:
    """One row an answer; `page` counts from 1, as a reader of the document does."""
    return _csv(ANSWERS, _answers(list(records), questions))


def _cells(summary: Summary) -> Iterator[Sequence[object]]:
    for cell in summary.cells:
        worth = summary.worth(cell.blend)
        yield (
            cell.blend, cell.topic, cell.n, cell.correct, cell.gain_correct, cell.contains, cell.d,
            cell.gain_d, cell.n_choices, cell.first, cell.loss, cell.gain_loss, cell.loss_tokens,
            cell.n_unseen, cell.correct_unseen, str(worth.verdict.word) if worth else "",
        )  # fmt: skip


def _answers(
    records: Sequence[AnyRecord], questions: Iterable[Question]
) -> Iterator[Sequence[object]]:
    known = {(one.topic, item_name(one)): one for one in questions}
    chosen = choices_by_place(records)
    for one in records:
        if not isinstance(one, AnswerRecord):
            continue
        choice = chosen.get((one.blend, one.topic, one.item))
        asked = known.get((one.topic, one.item))
        page = asked.page + 1 if asked and asked.page is not None else None
        yield (
            one.topic, one.item, one.proves, one.blend, one.question, one.reference, one.answer,
            int(one.correct), one.kind, one.why, int(one.contains),
            choice.margin if choice else None, choice.rank if choice else None,
            choice.n_others + 1 if choice else None,
            one.overruled.who if one.overruled else "",
            "" if one.overruled else doubt(one, likeliest=choice.rank == 1 if choice else None),
            one.key, asked.file if asked else "", page, asked.evidence if asked else "",
        )  # fmt: skip


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """The value; text that a spreadsheet would run is kept from it by an apostrophe before it."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str) and _FORMULA.match(value) and not _PLAIN_NUMBER.match(value):
        return f"'{value}"
    return value
