"""Rows to a dataset's files as they come: a file a split, the list of what was dropped, the card.

Nothing is kept but the card's tallies, so that a dataset of any size is written in the same memory.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TextIO

from lamina.dataset.card import Tally, card_text
from lamina.text.rows import SPLITS, Row, Split, row_line

DROPPED_FILE = "dropped.jsonl"
CARD_FILE = "card.md"


class DatasetWriter:
    """The files of one dataset. Use as a context; then `facts` are complete."""

    def __init__(self, folder: Path, layer: str) -> None:
        self._folder = folder
        self._tally = Tally(layer)
        self._files = ExitStack()

    def __enter__(self) -> Self:
        opened = self._files.enter_context
        self._rows: dict[Split, TextIO] = {
            split: opened((self._folder / f"{split}.jsonl").open("w", encoding="utf-8"))
            for split in SPLITS
        }
        self._dropped = opened((self._folder / DROPPED_FILE).open("w", encoding="utf-8"))
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def add(self, row: Row) -> None:
        """Write a row into its split."""
        self._rows[row.split].write(row_line(row))
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
