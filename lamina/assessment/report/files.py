"""Writes what a run found: records, summary and page as files, and a table on the terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lamina.artifacts import ArtifactRef
from lamina.assessment.exam.blend import BASE, own_topics
from lamina.assessment.report.cell import Cell
from lamina.assessment.report.difference import Difference, difference
from lamina.assessment.report.page import page
from lamina.assessment.report.records import AnyRecord, read_records, write_records
from lamina.assessment.report.sheets import answers_csv, cells_csv
from lamina.assessment.report.summary import Summary
from lamina.errors import DamagedError, NotFoundError
from lamina.store import Store, point
from lamina.text.questions import Question

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

RECORDS, SUMMARY, REPORT = "records.jsonl", "summary.json", "report.html"
CELLS, ANSWERS, ASKED, CHANGES = "report.csv", "answers.csv", "asked.jsonl", "changes.json"
FILES = {
    CELLS: "a row a cell",
    ANSWERS: "a row an answer",
    SUMMARY: "verdicts and cells",
    RECORDS: "all that was measured",
    ASKED: "the exam with its evidence",
}


def write_report(
    folder: Path,
    summary: Summary,
    records: Sequence[AnyRecord],
    questions: Sequence[Question] = (),
    against: Path | None = None,
) -> None:
    """Write the page and all that stands in it as JSON and CSV; `against` is another report.

    Raises:
        NotFoundError: there is no report to hold it against.
        DamagedError: that one cannot be read.

    """
    changes = difference(read_other(against), (summary, records)) if against else None
    files = FILES | ({CHANGES: "what changed"} if changes else {})
    write_records(folder / RECORDS, records)
    texts = {
        SUMMARY: summary.model_dump_json(indent=2) + "\n",
        CELLS: cells_csv(summary),
        ANSWERS: answers_csv(records, questions),
        ASKED: "".join(f"{one.model_dump_json(exclude_defaults=True)}\n" for one in questions),
        REPORT: page(summary, records, questions, changes=changes, files=files),
    }
    if changes:
        texts[CHANGES] = changes.model_dump_json(indent=2) + "\n"
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def publish(ref: ArtifactRef, *, store: Store, folder: Path) -> Path:
    """Show the artifact under `folder` (the workspace's `qa/`); returns the page's path there."""
    made = store.open(ref)
    for name in (*FILES, CHANGES, REPORT):
        if (made / name).exists():
            point(folder / name, made / name)
        else:  # of an earlier report
            (folder / name).unlink(missing_ok=True)
    return folder / REPORT


def read_summary(folder: Path) -> Summary:
    """The summary of a written report."""
    return Summary.model_validate_json((folder / SUMMARY).read_bytes())


def read_report(folder: Path) -> tuple[Summary, list[AnyRecord]]:
    """Summary and records of a written report."""
    return read_summary(folder), list(read_records(folder / RECORDS))


def read_changes(folder: Path) -> Difference | None:
    """What a written report says of another one; None where it was held against none."""
    path = folder / CHANGES
    return Difference.model_validate_json(path.read_bytes()) if path.exists() else None


def other_folder(named: Path) -> Path:
    """The folder of a report that is named by it or by one of its files.

    Raises:
        NotFoundError: there is no report.

    """
    folder = named if named.is_dir() else named.parent
    if not named.exists() or not all((folder / name).is_file() for name in (SUMMARY, RECORDS)):
        msg = (
            f"there is no report at {named}: name a folder that holds {SUMMARY} and {RECORDS}, "
            "such as workspace/qa"
        )
        raise NotFoundError(msg)
    return folder


def read_other(named: Path) -> tuple[Summary, list[AnyRecord]]:
    """Another report, also one that an earlier version wrote.

    Raises:
        NotFoundError: there is no report.
        DamagedError: it cannot be read.

    """
    folder = other_folder(named)
    try:
        return read_report(folder)
    except ValueError as broken:
        msg = f"the report in {folder} cannot be read; run `lamina qa_layers` there again"
        raise DamagedError(msg) from broken


def print_table(
    summary: Summary, console: "Console | None" = None, changes: Difference | None = None
) -> None:
    """Layers x topics on the terminal: per cent right, held-out loss beneath, then the verdicts."""
    from lamina import terminal

    console = console or terminal.console()
    console.print(_matrix(summary))
    for number, topic in enumerate(summary.topics, start=1):
        if topic not in summary.blends:
            console.print(f"  {number} = {topic}", highlight=False, markup=False)
    console.print(summary.headline.sentence, highlight=False, markup=False, soft_wrap=True)
    if summary.auto:
        console.print(summary.auto.sentence, highlight=False, markup=False, soft_wrap=True)
    for worth in summary.worths:
        console.print(f"- {worth.verdict.brief}", highlight=False, markup=False, soft_wrap=True)
    for line in changes.lines() if changes else ():
        console.print(line, highlight=False, markup=False, soft_wrap=True)


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
