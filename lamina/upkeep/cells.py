"""Files that only grow, of what is gone: cells of layers, what was made of documents' passages."""

from collections.abc import Collection, Iterator
from pathlib import Path

from lamina.store import CELLS, PASSAGES, Store, entry


def spent_cells(store: Store, layers: Collection[str], before_s: float) -> Iterator[Path]:
    """Files of cells that nobody added to since `before_s`, of layers not among these contents.

    What the base alone said stays: every layer is held against it.
    """
    for path in sorted((store.root / CELLS).glob("*/*.jsonl")):
        if path.stat().st_mtime < before_s and not _layers_of(path) <= set(layers):
            yield path


def spent_passages(store: Store, documents: Collection[str], before_s: float) -> Iterator[Path]:
    """Files of what was made of documents that are not among these, unread since `before_s`."""
    for path in sorted((store.root / PASSAGES).glob("*/*.jsonl")):
        if path.stat().st_mtime < before_s and path.stem not in documents:
            yield path


def _layers_of(path: Path) -> set[str]:
    """Contents of the layers that the file is about; none where its head cannot be read."""
    with path.open("rb") as file:
        head = entry(file.readline()) or {}
    return {digest for digest, _scale in head.get("about", {}).get("layers", [])}
