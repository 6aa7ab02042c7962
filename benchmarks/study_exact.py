"""How right the rows are that study makes of real pages by rules.

    python benchmarks/study_exact.py [--data FOLDER] [--rows 300] [--seed 15] [--show] [--out FILE]

Takes the exam's pages (the topics folder), makes the rows of all, and holds a seeded sample
against the page by `study_check.py`, which uses nothing of the maker. A company that a document's
own text does not spell is spelled as the others of its files do, as in a workspace that has all.
"""

import argparse
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from study_check import Sheet, Verdict, check

from lamina.corpus.naming import from_name
from lamina.corpus.pages import read_pages
from lamina.dataset.subject import is_filing, named_by, subject_of
from lamina.fingerprint import file_digest
from lamina.study.facts import facts_of
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.text.naming import Naming
from lamina.text.pages import Pages

FIGURE = re.compile(r"\d[\d,.]*\d|\d")
YEAR = re.compile(r"(?:19|20)\d\d")


class Made(NamedTuple):
    """All that one page gave."""

    path: Path
    passage: Passage
    rows: list[StudyRow]
    dropped: list[Dropped]


def main() -> None:
    """Make, sample, check, report."""
    options = _parsed()
    documents = [_read(path) for path in sorted((options.data / "topics").glob("*/*.pdf"))]
    spelled = _spelled(documents)
    passages = [one for document in documents for one in _passages(document, spelled)]
    begin = time.process_time()
    made = [_made(path, passage) for path, passage in passages]
    seconds = time.process_time() - begin
    rows = [(one, row) for one in made for row in one.rows]
    sample = random.Random(options.seed).sample(rows, min(options.rows, len(rows)))
    verdicts = _checked(sample)
    checked = zip(sample, verdicts, strict=True)
    wrong = [(one, row, verdict) for (one, row), verdict in checked if not verdict.is_right]
    for one, row, verdict in wrong:
        print(f"OBJECTION, {verdict.why}: {_told(one, row)}")
    for one, row in sample[: options.show]:
        print(_told(one, row))
    report = _report(made, seconds, sample, wrong)
    print(report)
    if options.out:
        options.out.write_text(report, encoding="utf-8")


def _told(one: Made, row: StudyRow) -> str:
    place = f"{one.path.name} page {row.page}"
    return f"{place} [{row.kind}] {row.question} -> {row.answer}\n    {row.evidence[-240:]}"


def _parsed() -> argparse.Namespace:
    data = Path(__file__).parents[1] / ".." / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data.resolve())
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--show", type=int, default=0, help="sampled rows to print for reading")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


class Document(NamedTuple):
    """A file, read."""

    path: Path
    pages: Pages
    naming: Naming


def _read(path: Path) -> Document:
    return Document(path, read_pages(path), from_name(path.name))


def _spelled(documents: list[Document]) -> dict[str, str]:
    """By company as files are named: as most of its documents spell it that do."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for one in documents:
        if is_filing(one.naming) and (name := named_by(one.pages, one.naming.company)):
            said[one.naming.company][name] += 1
    return {name: names.most_common(1)[0][0] for name, names in said.items()}


def _passages(document: Document, spelled: dict[str, str]) -> Iterator[tuple[Path, Passage]]:
    path, pages, naming = document
    if not named_by(pages, naming.company):
        company = spelled.get(naming.company, naming.company)
        naming = naming.model_copy(update={"company": company})
    subject = subject_of(pages, naming)
    for page in pages.pages:
        yield (
            path,
            Passage(
                document=file_digest(path),
                file=path.name,
                page=page,
                company=subject.company,
                title=subject.title,
                period=subject.period,
            ),
        )


def _made(path: Path, passage: Passage) -> Made:
    found = list(facts_of(passage))
    rows = [one for one in found if not isinstance(one, Dropped)]
    return Made(path, passage, rows, [one for one in found if isinstance(one, Dropped)])


def _checked(sample: list[tuple[Made, StudyRow]]) -> list[Verdict]:
    import pdfplumber

    sheets: dict[tuple[Path, int], Sheet] = {}
    for path in sorted({one.path for one, _ in sample}):
        with pdfplumber.open(path) as document:
            for number in {row.page for one, row in sample if one.path == path}:
                page = document.pages[number - 1]
                sheets[path, number] = Sheet(page)
                page.close()
    return [check(row, sheets[one.path, row.page]) for one, row in sample]


def _coverage(made: list[Made]) -> tuple[int, int]:
    """Figures of the pages that some row teaches, and all of them; years are none."""
    held = total = 0
    for one in made:
        printed = [f for f in FIGURE.findall(one.passage.page.text) if not YEAR.fullmatch(f)]
        taught = {f for row in one.rows for f in FIGURE.findall(f"{row.answer} {row.question}")}
        total += len(printed)
        held += sum(figure in taught for figure in printed)
    return held, total


def _report(
    made: list[Made],
    seconds: float,
    sample: list[tuple[Made, StudyRow]],
    wrong: list[tuple[Made, StudyRow, Verdict]],
) -> str:
    rows = [row for one in made for row in one.rows]
    kinds = Counter(row.kind for row in rows)
    sampled = Counter(row.kind for _, row in sample)
    missed = Counter(row.kind for _, row, _ in wrong)
    reasons = Counter(one.reason for page in made for one in page.dropped)
    held, total = _coverage(made)
    groups = len({row.group for row in rows})
    with_rows = sum(bool(one.rows) for one in made)
    right = len(sample) - len(wrong)
    files = len({one.path for one in made})
    per_minute = 60 * len(rows) / seconds
    share = 100 * right / len(sample)
    lines = [
        f"{len(made)} pages of {files} files, {len(rows)} rows of {groups} facts.\n",
        f"{len(rows) / len(made):.0f} rows a page ({with_rows} pages have some).\n",
        f"{per_minute:,.0f} rows a minute on one core.\n",
        f"The script holds {right} of {len(sample)} sampled rows right ({share:.1f} %).\n",
        "| kind | rows | sampled | objections |\n|---|---:|---:|---:|",
    ]
    for kind, count in kinds.most_common():
        lines.append(f"| {kind} | {count} | {sampled[kind]} | {missed[kind]} |")
    lines += [
        f"\nFigures on the pages, years aside: {total}. In some row: {100 * held / total:.0f} %.\n",
        "| left out because | figures or sentences |\n|---|---:|",
    ]
    lines += [f"| {reason} | {count} |" for reason, count in reasons.most_common()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
