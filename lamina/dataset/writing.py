"""Rows to a dataset's files as they come: Parquet shards, JSON Lines, the list of what was dropped.

Nothing is kept but a batch of rows for each split and the card's tallies, so that a dataset of any
size is written in the same memory.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

from lamina.dataset.card import Tally, card_text
from lamina.text.rows import BATCH_ROWS, Row, Split, row_line

if TYPE_CHECKING:
    import pyarrow as pa

DROPPED_FILE = "dropped.jsonl"
CARD_FILE = "card.md"
SPLITS: tuple[Split, ...] = ("train", "heldout")
_BATCH_BYTES = 8 << 20  # of JSON: where rows are long, batches are short
_SHARD_BYTES = 256 << 20  # of JSON; Parquet takes about a quarter of it


class DatasetWriter:
    """The files of one dataset. Use as a context; then `facts` are complete."""

    def __init__(self, folder: Path, layer: str) -> None:
        self._folder = folder
        self._tally = Tally(layer)
        self._files = ExitStack()

    def __enter__(self) -> Self:
        opened = self._files.enter_context
        self._views: dict[Split, TextIO] = {
            split: opened((self._folder / f"{split}.jsonl").open("w", encoding="utf-8"))
            for split in SPLITS
        }
        self._shards = {split: opened(_Shards(self._folder, split)) for split in SPLITS}
        self._dropped = opened((self._folder / DROPPED_FILE).open("w", encoding="utf-8"))
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def add(self, row: Row) -> None:
        """Write a row into its split."""
        line = row_line(row)
        self._views[row.split].write(line)
        self._shards[row.split].add(row, len(line))
        self._tally.add(row)

    def add_all(self, rows: Iterable[Row]) -> None:
        """Write rows, each into its split."""
        for row in rows:
            self.add(row)

    def drop(self, entry: Mapping[str, Any]) -> None:
        """List what was left out, with its `reason`."""
        self._dropped.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self._tally.drop(str(entry["reason"]))

    def drop_all(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """List all these."""
        for entry in entries:
            self.drop(entry)

    def write_card(self) -> dict[str, Any]:
        """Write the card; its figures."""
        facts = self._tally.card()
        told = json.dumps(facts, indent=1, ensure_ascii=False)
        (self._folder / "card.json").write_text(told, "utf-8")
        (self._folder / CARD_FILE).write_text(card_text(facts), "utf-8")
        return facts


class _Shards:
    """The Parquet files of one split, at least one, each of a bounded size."""

    def __init__(self, folder: Path, split: Split) -> None:
        self._folder, self._split = folder, split
        self._rows: list[dict[str, Any]] = []
        self._waiting_bytes = self._shard_bytes = 0
        self._count = 0
        self._file: Any = None

    def __enter__(self) -> Self:
        self._schema = _schema()
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._file.close()

    def add(self, row: Row, size: int) -> None:
        self._rows.append(row.model_dump())
        self._waiting_bytes += size
        if len(self._rows) >= BATCH_ROWS or self._waiting_bytes >= _BATCH_BYTES:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if not self._rows:
            return
        if self._shard_bytes >= _SHARD_BYTES:
            self._file.close()
            self._begin()
        self._file.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._shard_bytes += self._waiting_bytes
        self._waiting_bytes = 0
        self._rows.clear()

    def _begin(self) -> None:
        from pyarrow import parquet

        path = self._folder / f"{self._split}-{self._count:05d}.parquet"
        self._file = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._count += 1
        self._shard_bytes = 0


def _schema() -> "pa.Schema":
    import pyarrow as pa

    text = pa.string()
    return pa.schema(
        {
            "layer": text,
            "split": text,
            "kind": text,
            "text": text,
            "question": text,
            "document": text,
            "pages": pa.list_(pa.int32(), 2),
            "heading": pa.list_(text),
            "evidence": text,
            "n_tokens": pa.int32(),
        }
    )
