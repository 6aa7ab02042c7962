"""Writes what a run found: records, summary and page as files, and a table on the terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lamina.assessment.exam.blend import BASE, own_topics
from lamina.assessment.report.page import page
from lamina.assessment.report.records import AnswerRecord, AnyRecord, read_records, write_records
from lamina.assessment.report.summary import Cell, Summary

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

RECORDS, SUMMARY, REPORT = "records.jsonl", "summary.json", "report.html"


def write_report(folder: Path, summary: Summary, records: Sequence[AnyRecord]) -> None:
    """Write `records.jsonl`, `summary.json` and `report.html` into a folder."""
    write_records(folder / RECORDS, records)
    (folder / SUMMARY).write_text(summary.model_dump_json(indent=2) + "\n", encoding="utf-8")
    answers = [record for record in records if isinstance(record, AnswerRecord)]
    (folder / REPORT).write_text(page(summary, answers), encoding="utf-8")


def read_summary(folder: Path) -> Summary:
    """The summary of a written report."""
    return Summary.model_validate_json((folder / SUMMARY).read_bytes())


def read_report(folder: Path) -> tuple[Summary, list[AnyRecord]]:
    """Summary and records of a written report."""
    return read_summary(folder), list(read_records(folder / RECORDS))


def print_table(summary: Summary, console: "Console | None" = None) -> None:
    """Layers x topics on the terminal: per cent right, held-out loss beneath, then the verdicts."""
    from lamina import terminal

    console = console or terminal.console()
    console.print(_matrix(summary))
    console.print(summary.headline.sentence, highlight=False, markup=False, soft_wrap=True)
    for number, topic in enumerate(summary.topics, start=1):
        if topic not in summary.blends:
            console.print(f"  {number} = {topic}", highlight=False, markup=False)
    for worth in summary.worths:
        console.print(f"- {worth.sentence}", highlight=False, markup=False, soft_wrap=True)


def _matrix(summary: Summary) -> "RichTable":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(
        box=SIMPLE_HEAD,
        title="Right answers in %, held-out loss in nats per token beneath; own topic in bold",
        title_justify="left",
    )
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("answers \\ asked about", overflow="fold")
    numbers = {topic: number for number, topic in enumerate(summary.topics, start=1)}
    for number in numbers.values():
        table.add_column(str(number), justify="right", no_wrap=True)
    cells = {(cell.blend, cell.topic): cell for cell in summary.cells}
    for blend in summary.blends:
        own = () if blend == BASE else own_topics(blend, summary.topics)
        own = own if len(own) < len(summary.topics) or len(own) == 1 else ()
        row = [_figures(cells[blend, topic], own=topic in own) for topic in summary.topics]
        table.add_row(str(numbers.get(blend, "")), Text(blend), *row)
    return table


def _figures(cell: Cell, *, own: bool) -> str:
    correct = "-" if cell.correct is None else f"{cell.correct:.0%}".rstrip("%")
    loss = "" if cell.loss is None else f"\n[dim]{cell.loss:.2f}[/dim]"
    return (f"[bold cyan]{correct}[/bold cyan]" if own else correct) + loss
