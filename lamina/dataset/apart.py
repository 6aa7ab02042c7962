"""The test rows that no layer was trained on, in whatever figures: kept; the others counted.

Documents that say the same are in one part already. What is left are passages that many documents
share: a standard quoted, an auditor's form of words, a sentence that every year repeats. A test row
with a run of words (figures aside) that any layer's training rows have is left out of the test.

Training rows' runs are an artifact a dataset: files of sorted numbers, some millions each. Test
rows are held against one file after the other, some millions of runs at a time, so that the memory
does not grow with the rows: 8 bytes a word on disk, some 250 MiB in memory.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamina.artifacts import ArtifactRef
from lamina.dataset.tests_card import TEST_CARD, card_text
from lamina.progress import Progress
from lamina.store import Stage, Store
from lamina.text.rows import Row, read_rows, row_line
from lamina.text.wording import shared, wording

if TYPE_CHECKING:
    from lamina.text.wording import Runs

TRAINED = Stage("trained_runs", version=1)
APART = Stage("keep_apart", version=1)
ALL_LAYERS = "all"
TEST_FILE, LEFT_OUT_FILE = "test.jsonl", "left_out.jsonl"
_AT_ONCE = 1 << 21  # runs in memory: 16 MiB, some times that while they are sorted
_SHOWN = 200  # characters of what was left out


def keep_apart(
    datasets: Sequence[ArtifactRef],
    trained: Sequence[ArtifactRef],
    *,
    store: Store,
    progress: Progress,
) -> ArtifactRef:
    """The datasets' test rows without what any of `trained` has: artifact of kind `tests`.

    Facts: `layers`, by name: `documents`, `rows`, `left_out` and `tokens` of the test.
    """
    ordered = sorted(set(datasets), key=lambda ref: ref.digest)
    against = sorted({*datasets, *trained}, key=lambda ref: ref.digest)

    def make(folder: Path) -> Mapping[str, Any]:
        progress.start("holding the test against training", len(against))
        files: dict[str, list[Path]] = {}
        for number, ref in enumerate(against, start=1):
            layer = store.manifest(ref).facts["layer"]
            files.setdefault(layer, []).extend(trained_runs(ref, store=store))
            progress.advance(number)
        layers = [store.manifest(ref).facts["layer"] for ref in ordered]
        return _write(folder, layers, _test_rows(ordered, store), files)

    inputs = {"datasets": ordered, "against": against}
    return store.once("tests", APART, inputs, make)


def trained_runs(dataset: ArtifactRef, *, store: Store) -> list[Path]:
    """The files of the runs in a dataset's training rows: each sorted, each number once a file."""

    def make(folder: Path) -> Mapping[str, Any]:
        import numpy as np

        rows = read_rows(store.open(dataset) / "train.jsonl")
        number = 0
        for number, batch in enumerate(_batches(rows), start=1):
            runs = np.concatenate([runs for _, runs in batch])
            np.save(folder / f"{number:05d}.npy", np.unique(runs))
        return {"files": number}

    ref = store.once("runs", TRAINED, {"dataset": dataset}, make)
    return sorted(store.open(ref).glob("*.npy"))


def _batches(rows: Iterable[Row]) -> Iterator[list[tuple[Row, "Runs"]]]:
    """The rows with their runs, as many at a time as have the runs that fit."""
    batch: list[tuple[Row, Runs]] = []
    held = 0
    for row in rows:
        runs = wording(f"{row.question or ''} {row.text}")
        batch.append((row, runs))
        held += runs.size
        if held >= _AT_ONCE:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _test_rows(datasets: Sequence[ArtifactRef], store: Store) -> Iterator[Row]:
    """The datasets' test rows; a dataset of an older version, with two parts only, has none."""
    for ref in datasets:
        path = store.open(ref) / TEST_FILE
        if path.is_file():
            yield from read_rows(path)


def _write(
    folder: Path, layers: Sequence[str], rows: Iterator[Row], files: Mapping[str, Sequence[Path]]
) -> Mapping[str, Any]:
    own = [layer for layer in layers if layer != ALL_LAYERS]  # whose rows keep their layers' names
    kept: dict[str, Counter[str]] = {layer: Counter() for layer in own}
    documents: dict[str, set[str]] = defaultdict(set)
    with (
        (folder / TEST_FILE).open("w", encoding="utf-8") as test,
        (folder / LEFT_OUT_FILE).open("w", encoding="utf-8") as left_out,
    ):
        for row, trained_in in _compared(rows, files):
            counts = kept.setdefault(row.layer, Counter())
            if trained_in:
                counts["left_out"] += 1
                left_out.write(json.dumps(_told(row, trained_in), ensure_ascii=False) + "\n")
            else:
                test.write(row_line(row))
                counts.update(rows=1, tokens=row.n_tokens)
                documents[row.layer].add(row.document)
    facts = {
        layer: {
            "documents": len(documents[layer]),
            **{name: counts[name] for name in ("rows", "left_out", "tokens")},
        }
        for layer, counts in sorted(kept.items())
    }
    (folder / TEST_CARD).write_text(card_text(facts), encoding="utf-8")
    return {"layers": facts}


def _compared(
    rows: Iterator[Row], files: Mapping[str, Sequence[Path]]
) -> Iterator[tuple[Row, list[str]]]:
    """Each row with the layers whose training has a run of it."""
    import numpy as np

    for batch in _batches(rows):
        owners = np.repeat(np.arange(len(batch)), [runs.size for _, runs in batch])
        together = np.concatenate([runs for _, runs in batch])
        order = np.argsort(together)  # neighbours are looked up near each other
        together, owners = together[order], owners[order]
        found: list[list[str]] = [[] for _ in batch]
        for layer, paths in files.items():
            hits = np.zeros(together.size, bool)
            for path in paths:
                hits |= shared(together, np.load(path, mmap_mode="r"))
            for place in np.unique(owners[hits]):
                found[place].append(layer)
        yield from ((row, layers) for (row, _), layers in zip(batch, found, strict=True))


def _told(row: Row, layers: Sequence[str]) -> dict[str, Any]:
    return {
        "layer": row.layer,
        "document": row.document,
        "pages": row.pages,
        "trained_in": list(layers),
        "text": row.text[:_SHOWN],
    }
