"""What strategies made of passages, kept in the store: made once, whatever datasets they are in.

A strategy has a folder named by its identity, in which each document has a file that only grows; a
line is one passage. So a new PDF costs its own passages, another strategy only itself, and a run
that is killed goes on where it stopped.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from lamina.fingerprint import canonical, text_digest
from lamina.store import PASSAGES, Ledger, Store, entry
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.study.strategy import PutOffError, Strategy

PUT_OFF = "put-off"  # the reason of what is tried again another time
_KEY = 32  # signs of a digest: 128 bits
_WRITE_EVERY_S = 1.0
_SHOWN = 200  # characters of what was dropped


class Made(NamedTuple):
    """All that one strategy makes of one passage."""

    rows: tuple[StudyRow, ...]
    dropped: tuple[Dropped, ...]


def made_of(
    passages: Iterable[Passage], strategy: Strategy, store: Store
) -> Iterator[tuple[Passage, Made]]:
    """Of each passage, in their order; made now where it is not kept yet, if it can be.

    Passages of one document follow each other.
    """
    for document, own in groupby(passages, key=lambda passage: passage.document):
        yield from _made_of_one(own, strategy, _ledger(store, strategy, document))


def kept_of(passages: Iterable[Passage], strategy: Strategy, store: Store) -> Iterator[Made]:
    """What is kept of passages of one document, in their order."""
    known: dict[str, bytes] | None = None
    for passage in passages:
        if known is None:
            known = _ledger(store, strategy, passage.document).read()
        kept = _entry(known, passage)
        yield _read(kept) if kept else Made((), (Dropped(PUT_OFF, passage.page.number, ""),))


def _made_of_one(
    passages: Iterable[Passage], strategy: Strategy, ledger: Ledger
) -> Iterator[tuple[Passage, Made]]:
    known, new = ledger.read(), _Unwritten(ledger)
    if known:
        os.utime(ledger.path)  # still in use: see `lamina.upkeep`
    try:
        for passage in passages:
            if kept := _entry(known, passage):
                yield passage, _read(kept)
                continue
            try:
                made = _made(strategy, passage)
            except PutOffError as why:
                yield passage, Made((), (Dropped(PUT_OFF, passage.page.number, str(why)),))
                continue
            new.add(passage.key()[:_KEY], made)
            yield passage, made
    finally:
        new.write()


def _entry(known: Mapping[str, bytes], passage: Passage) -> dict[str, Any] | None:
    line = known.get(passage.key()[:_KEY])
    return entry(line) if line else None


class _Unwritten:
    """What is to be added, written once a second: each time waits for the disk."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._entries: list[tuple[str, dict[str, Any]]] = []
        self._written_s = time.monotonic()

    def add(self, key: str, made: Made) -> None:
        self._entries.append((key, _told(made)))
        if time.monotonic() - self._written_s > _WRITE_EVERY_S:
            self.write()

    def write(self) -> None:
        if self._entries:
            self._ledger.add(self._entries)
        self._entries, self._written_s = [], time.monotonic()


def _ledger(store: Store, strategy: Strategy, document: str) -> Ledger:
    folder = f"{strategy.name}-{text_digest(canonical(strategy.identity))[:16]}"
    path = store.root / PASSAGES / folder / f"{document}.jsonl"
    return Ledger(path, strategy.identity)


def _made(strategy: Strategy, passage: Passage) -> Made:
    found = list(strategy.make(passage))
    return Made(
        tuple(one for one in found if isinstance(one, StudyRow)),
        tuple(one._replace(text=one.text[:_SHOWN]) for one in found if isinstance(one, Dropped)),
    )


def _told(made: Made) -> dict[str, Any]:
    return {
        "rows": [row.model_dump(mode="json") for row in made.rows],
        "dropped": made.dropped,
    }


def _read(kept: dict[str, Any]) -> Made:
    return Made(
        tuple(StudyRow.model_validate(row) for row in kept["rows"]),
        tuple(Dropped(*one) for one in kept["dropped"]),
    )
