"""Datasets and a strategy for the tests of study, without any PDF."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.fingerprint import text_digest
from lamina.progress import Silent
from lamina.store import Stage, Store
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.study.stage import study
from lamina.study.strategy import Strategy
from lamina.text.pages import Line, Page, Pages, write_pages
from lamina.text.rows import SPLITS, Row, Split, write_rows
from lamina.text.study_rows import read_study_rows
from lamina.text.subjects import DocumentSubject, write_subjects

MADE = Stage("studied", 1)
AMCOR = ("Rent 2022: $5 million", "Rent 2021: $4 million")

Sheets = Mapping[str, Sequence[Sequence[str]]]  # lines of pages of documents by company
# The split of a company's page, if it is not train; of one that is cut, both.
Held = Mapping[tuple[str, int], Split | tuple[Split, ...]]


def name_of(company: str, sheets: Sequence[Sequence[str]]) -> str:
    """What a document is called."""
    return text_digest(f"{company} {list(sheets)}")


def dataset(
    store: Store, sheets: Sheets, held: Held | None = None, dropped: Sequence[dict[str, Any]] = ()
) -> ArtifactRef:
    """A dataset of one row a page; of a page of which a part is held out, two."""
    splits = held or {}
    rows = [
        Row(
            layer="Leases",
            split=split,
            kind="text",
            text=" ".join(lines),
            document=name_of(company, of),
            pages=(number, number),
        )
        for company, of in sheets.items()
        for number, lines in enumerate(of, start=1)
        for split in _splits(splits.get((company, number), "train"))
    ]
    subjects = {
        name_of(company, of): DocumentSubject(
            company=company, period="fiscal 2022", pages=_pages(store, of)
        )
        for company, of in sheets.items()
    }

    def make(folder: Path) -> dict[str, object]:
        for split in SPLITS:
            write_rows(folder / f"{split}.jsonl", [row for row in rows if row.split == split])
        (folder / "dropped.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in dropped))
        write_subjects(folder, subjects)
        return {"documents": sorted(subjects)}

    inputs = {"rows": rows, "subjects": subjects, "dropped": list(dropped)}
    return store.once("dataset", MADE, inputs, make)


def _splits(named: Split | tuple[Split, ...]) -> tuple[Split, ...]:
    return named if isinstance(named, tuple) else (named,)


def _pages(store: Store, sheets: Sequence[Sequence[str]]) -> ArtifactRef:
    pages = tuple(
        Page(
            number=number,
            kind="text",
            lines=tuple(Line(text, 0, 0, 0, 0) for text in lines),
        )
        for number, lines in enumerate(sheets, start=1)
    )

    def make(folder: Path) -> dict[str, object]:
        write_pages(folder, Pages(format="pdf", pages=pages))
        return {}

    return store.once("pages", MADE, {"sheets": [list(lines) for lines in sheets]}, make)


class Lines:
    """A strategy: of each line `label: answer` a question; it remembers what it was given."""

    def __init__(self, version: int = 1, *, breaks_at: str = "") -> None:
        self.seen: list[tuple[str, int]] = []
        self.strategy = Strategy("lines", version, self._make)
        self._breaks_at = breaks_at

    def _make(self, passage: Passage) -> Iterator[StudyRow | Dropped]:
        self.seen.append((passage.company, passage.page.number))
        for line in passage.page.lines:
            label, mark, answer = line.text.partition(": ")
            if self._breaks_at and self._breaks_at in line.text:
                raise KeyboardInterrupt
            if not mark:
                yield Dropped("no-label", passage.page.number, line.text)
                continue
            yield StudyRow(
                kind="fact",
                question=f"What was {passage.company}'s {label}?",
                answer=answer,
                strategy="lines",
                document=passage.document,
                page=passage.page.number,
                subject=passage.company,
                group=text_digest(f"{passage.document} {label}"),
                evidence=line.text,
            )


def made(
    store: Store, of: ArtifactRef, lines: Lines | None = None, exam: Sequence[str] = ()
) -> ArtifactRef:
    """What the stage makes of a dataset."""
    return study(
        of,
        "Leases",
        strategies=[(lines or Lines()).strategy],
        exam=exam,
        store=store,
        progress=Silent(),
    )


def taught(store: Store, ref: ArtifactRef) -> list[tuple[str, str]]:
    """Questions with their answers, abstentions left out."""
    rows = read_study_rows(store.open(ref))
    return [(row.question, row.answer) for row in rows if row.kind != "abstain"]
