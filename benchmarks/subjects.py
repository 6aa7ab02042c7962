"""Whom the chunks of real annual reports are said to speak of, held against whom they do.

    python benchmarks/subjects.py [--data FOLDER] [--workspace FOLDER] [--out FILE]

Takes the topics folder, a layer a folder, twice: under the files' own names, and under names that
tell nothing. The truth is MANIFEST.csv's: the filing that each PDF was cut from.
"""

import argparse
import csv
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import reports

from lamina.corpus.documents import find_documents
from lamina.corpus.pretest import pdf_pretest
from lamina.dataset.build import build_dataset
from lamina.progress import Silent
from lamina.settings import load
from lamina.text.rows import SPLITS, Row, read_rows
from lamina.text.verdicts import read_verdicts
from lamina.workspace import EMBEDDED_BASE, Workspace

FILING = re.compile(r"pdfs/(?P<company>.+?)_(?P<year>\d{4})(?P<quarter>Q\d)?_")
QUARTERS = {"Q1": "first", "Q2": "second", "Q3": "third", "Q4": "fourth"}
PERIOD = re.compile(
    r"(?:(?P<quarter>\w+) quarter of )?(?:fiscal|(?:year|quarter) ended \w+ \d+,) "
    r"(?P<year>\d{4})"
)
SHOWN = 12
REPORT = """# Whom chunks speak of

Made by `python benchmarks/subjects.py` on the 188 PDFs of 25 topics: the share of chunks that begin
with the right company, with none, with a wrong one, and the period likewise, against the filings
that the PDFs were cut from. These files are named like their filings, so the first line shows that
names are read right; the second, what the pages alone tell: nearly all are from the middle of a
report, and most of these name nobody.

| names of files | chunks | company right | none | wrong | period right | none | wrong |
|---|---:|---:|---:|---:|---:|---:|---:|
"""

Truth = dict[str, tuple[str, str, str]]  # company, year and quarter by a PDF's digest


def main() -> None:
    """Build both corpora and print the table."""
    options = _parsed()
    truth = _truth(options.data / "MANIFEST.csv")
    lines = []
    for told, hidden in (("the files' own", False), ("none", True)):
        rows = _rows(options.data / "topics", options.workspace, hidden=hidden)
        counts, wrong = _judged(rows, truth)
        lines.append(_line(told, rows, counts))
        for (company, period, said), count in wrong.most_common(SHOWN):
            print(f"wrong, names {told}: {company} {period}: {said!r} ({count} chunks)")
        for said, count in Counter(row.subject for row in rows).most_common(SHOWN):
            print(f"    {count:4} {said!r}")
    report = _report(lines)
    reports.tell(report, options)


def _parsed() -> argparse.Namespace:
    parser = reports.parser(__doc__)
    parser.add_argument("--workspace", type=Path, help="where the PDFs may be read already")
    return parser.parse_args()


def _truth(manifest: Path) -> Truth:
    with manifest.open(encoding="utf-8", newline="") as file:
        return {
            line["sha256"]: (found["company"], found["year"], found["quarter"] or "")
            for line in csv.DictReader(file)
            if (found := FILING.search(line["source_path"]))
        }


def _rows(topics: Path, kept: Path | None, *, hidden: bool) -> list[Row]:
    """Every chunk of every layer."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(load(workspace=kept or folder)).make()
        shutil.rmtree(workspace.raw_pdfs)
        for number, path in enumerate(sorted(topics.glob("*/*.pdf"))):
            target = workspace.raw_pdfs / path.parent.name
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / (f"document_{number}.pdf" if hidden else path.name))
        store, progress = workspace.store, Silent()
        verdicts = pdf_pretest(find_documents(workspace), store=store, progress=progress)
        tokenizer = EMBEDDED_BASE / "tokenizer.json"
        refs = [
            build_dataset(verdicts, layer, store=store, progress=progress, tokenizer_file=tokenizer)
            for layer in read_verdicts(store, verdicts).layers()
        ]
        files = [store.open(ref) / f"{split}.jsonl" for ref in refs for split in SPLITS]
        return [row for file in files for row in read_rows(file)]


def _judged(rows: list[Row], truth: Truth) -> tuple[Counter[str], Counter[tuple[str, str, str]]]:
    counts: Counter[str] = Counter()
    wrong: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        company, year, quarter = truth[row.document]
        said = _company_said(row.subject, company)
        when = _period_said(row.subject, year, quarter)
        counts[f"company {said}"] += 1
        counts[f"period {when}"] += 1
        if "wrong" in {said, when}:
            wrong[company, f"{year}{quarter}", row.subject] += 1
    return counts, wrong


def _company_said(subject: str, company: str) -> str:
    """Right, wrong or none: the first part is the company, unless it is already the period."""
    letters = _letters(subject).removeprefix("the")
    if letters.startswith(_letters(company)):
        return "right"
    first = subject.split(", ", maxsplit=1)[0]
    is_period = re.match(r"(fiscal |year ended|quarter ended|\w+ quarter of|\d{4}\b)", first)
    return "none" if not subject or is_period else "wrong"


def _period_said(subject: str, year: str, quarter: str) -> str:
    found = PERIOD.search(subject)
    if not found:
        return "none"
    is_right = found["year"] == year and (found["quarter"] or "") == QUARTERS.get(quarter, "")
    return "right" if is_right else "wrong"


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _line(told: str, rows: list[Row], counts: Counter[str]) -> str:
    shares = (
        f"{100 * counts[f'{what} {how}'] / len(rows):.1f} %"
        for what in ("company", "period")
        for how in ("right", "none", "wrong")
    )
    return f"| {told} | {len(rows)} | " + " | ".join(shares) + " |"


def _report(lines: list[str]) -> str:
    return REPORT + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
