"""Which pages a layer may be taught from: those that it trains on, and nothing is held out of."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.store import Store
from lamina.study.passage import Passage
from lamina.text.pages import read_stored_pages
from lamina.text.rows import SPLITS, read_rows
from lamina.text.subjects import read_subjects

Pages = dict[str, set[int]]  # page numbers by document


def passages_of(dataset: ArtifactRef, store: Store) -> Iterator[Passage]:
    """The dataset's pages in order of document and page, one document's pages at a time.

    A page is left out where a held-out row stands on it, or where something was dropped from it
    because held-out rows say the same.
    """
    folder = store.open(dataset)
    subjects = read_subjects(folder)
    taught = _taught(folder)
    for document in sorted(subjects.keys() & taught.keys()):
        subject = subjects[document]
        for page in read_stored_pages(store, subject.pages).pages:
            if page.number in taught[document] and page.lines and page.kind != "garbled":
                yield Passage(
                    document=document,
                    page=page,
                    company=subject.company,
                    title=subject.title,
                    period=subject.period,
                )


def _taught(folder: Path) -> Pages:
    held: Pages = defaultdict(set)
    train: Pages = defaultdict(set)
    for split in SPLITS:
        into = train if split == "train" else held
        for row in read_rows(folder / f"{split}.jsonl"):
            into[row.document].update(range(row.pages[0], row.pages[1] + 1))
    for document, pages in _copied(folder, held):
        train[document].difference_update(pages)
    return {document: pages - held[document] for document, pages in train.items()}


def _copied(folder: Path, held: Pages) -> Iterator[tuple[str, range]]:
    """Pages of which a text was dropped that a held-out page has."""
    with (folder / "dropped.jsonl").open(encoding="utf-8") as file:
        for line in file:
            one = json.loads(line)
            first, last = one["kept_pages"]
            if not held[one["kept_document"]].isdisjoint(range(first, last + 1)):
                yield one["document"], range(one["pages"][0], one["pages"][1] + 1)
