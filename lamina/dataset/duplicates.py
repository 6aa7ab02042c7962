"""Text that a layer already has: found across all its documents, and taken once.

Two paragraphs are near-duplicates when at least four fifths of their runs of words are the same.
Candidates come from a prefix filter over hashed runs (Bayardo, Ma, Srikant: Scaling up all pairs
similarity search, 2007): unlike MinHash it misses none, unless all that two texts share is shared
by two hundred others that are no copies of each other. A paragraph whose figures the kept one does
not state stays: last year's amounts are facts, not copies.

What was taken is remembered in a file, so that a layer of millions of paragraphs needs no more
memory than one of ten. The first of two copies is kept: the caller decides by the order.
"""

import json
import re
import sqlite3
import zlib
from array import array
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import NamedTuple, Self

from lamina.fingerprint import text_digest
from lamina.text.blocks import Block
from lamina.text.rows import Split

_RUN_WORDS = 3  # words that are compared together
_SAME = 0.8  # share of equal runs (Jaccard)
_MOST_SHARING = 200  # kept texts with the same run; from then on it tells nothing, and is not noted
_MOSTLY = 0.5  # of the runs of a question's evidence: the rest may be cut or written otherwise
_FEWEST_WORDS = 15  # of a paragraph that is compared
_WORD = re.compile(r"\w+")
_FIGURE = re.compile(r"\d[\d,.]*")
_CACHE_KIB = 16 << 10  # of the file that is held in memory; more is hardly faster
_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE place (id INTEGER PRIMARY KEY, document TEXT, first INTEGER, last INTEGER);
CREATE TABLE same (text INTEGER PRIMARY KEY, id INTEGER) WITHOUT ROWID;
CREATE TABLE near (id INTEGER PRIMARY KEY, runs BLOB, figures TEXT);
CREATE TABLE held (run INTEGER PRIMARY KEY, split TEXT) WITHOUT ROWID;
CREATE TABLE posting (run INTEGER, id INTEGER, PRIMARY KEY (run, id)) WITHOUT ROWID;
"""


class Place(NamedTuple):
    """Where a text stands."""

    document: str
    pages: tuple[int, int]


@dataclass(frozen=True)
class Copied:
    """A text that is not taken."""

    reason: str  # "repeat" or "near-duplicate"
    kept: Place


class Taken:
    """Every text that was taken so far. Use as a context, which removes its file at the end."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._count = 0

    def __enter__(self) -> Self:
        self._tables = sqlite3.connect(self._file, isolation_level=None)
        self._tables.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._tables.executescript(_TABLES + "BEGIN;")
        return self

    def __exit__(self, *_: object) -> None:
        self._tables.close()
        self._file.unlink(missing_ok=True)

    def hold_out(self, blocks: Iterable[Block], split: Split) -> None:
        """Remember the wording of what is held out; of wording in two splits, the first counts."""
        runs = {run for block in blocks for run in _runs(_WORD.findall(block.text.lower()))}
        entries = ((run, split) for run in runs)
        self._tables.executemany("INSERT OR IGNORE INTO held VALUES (?, ?)", entries)

    def held_in(self, text: str) -> Split | None:
        """Where most of a text's runs of words are held out; None where most are not."""
        runs = _runs(_WORD.findall(text.lower()))
        asked = """SELECT split, count(*) FROM held WHERE run IN (SELECT value FROM json_each(?))
                   GROUP BY split ORDER BY 2 DESC, 1"""
        known = self._tables.execute(asked, (json.dumps(list(runs)),)).fetchall()
        is_held = bool(runs) and sum(count for _, count in known) > _MOSTLY * len(runs)
        return known[0][0] if is_held else None

    def take(self, document: str, block: Block) -> Copied | None:
        """Take a block, unless it is a copy. Headings and rows are never compared."""
        if block.kind not in {"text", "qa"}:
            return None
        place = Place(document, block.pages)
        is_long = len(block.text.split()) >= _FEWEST_WORDS
        if kept := self.take_text(place, block.question, " ".join(block.text.split())):
            return Copied("repeat", kept) if block.kind == "qa" or is_long else None
        near = self._near(block.text) if block.kind == "text" else None
        return Copied("near-duplicate", near) if near else None

    def take_text(self, place: Place, question: str | None, text: str) -> Place | None:
        """Where exactly this text (as an answer: to this question) was taken before, or none."""
        key = int(text_digest(f"{question or ''}\0{text}")[:15], 16)
        known = self._tables.execute("SELECT id FROM same WHERE text = ?", (key,)).fetchone()
        if known:
            return self._place(known[0])
        self._count += 1
        self._tables.execute("INSERT INTO same VALUES (?, ?)", (key, self._count))
        self._tables.execute(
            "INSERT INTO place VALUES (?, ?, ?, ?)", (self._count, place.document, *place.pages)
        )
        return None

    def _place(self, number: int) -> Place:
        found = self._tables.execute(
            "SELECT document, first, last FROM place WHERE id = ?", (number,)
        ).fetchone()
        return Place(found[0], (found[1], found[2]))

    def _near(self, text: str) -> Place | None:
        """Where a text was taken that says the same, or none: then this one is remembered."""
        words = _WORD.findall(text.lower())
        if len(words) < _FEWEST_WORDS:
            return None
        runs = _runs(words)
        figures = frozenset(figure.rstrip(".,") for figure in _FIGURE.findall(text))
        prefix = _prefix(runs)
        sharing = {run: self._sharing(run) for run in prefix}
        for number in sorted(set().union(*sharing.values())):
            kept = self._tables.execute("SELECT runs, figures FROM near WHERE id = ?", (number,))
            other, stated = kept.fetchone()
            if _similar(runs, frozenset(array("I", other))) and figures <= set(stated.split()):
                return self._place(number)
        entry = (self._count, array("I", sorted(runs)).tobytes(), " ".join(figures))
        self._tables.execute("INSERT INTO near VALUES (?, ?, ?)", entry)
        telling = (run for run, numbers in sharing.items() if len(numbers) < _MOST_SHARING)
        self._tables.executemany(
            "INSERT INTO posting VALUES (?, ?)", ((run, self._count) for run in telling)
        )
        return None

    def _sharing(self, run: int) -> list[int]:
        """The kept texts that have this run in their prefix."""
        with closing(self._tables.execute("SELECT id FROM posting WHERE run = ?", (run,))) as rows:
            return [number for (number,) in rows]


def _runs(words: Sequence[str]) -> frozenset[int]:
    last = len(words) - _RUN_WORDS + 1
    return frozenset(zlib.crc32(" ".join(words[i : i + _RUN_WORDS]).encode()) for i in range(last))


def _prefix(runs: frozenset[int]) -> list[int]:
    """So many of the smallest that two similar sets must share one of theirs."""
    return sorted(runs)[: len(runs) - ceil(_SAME * len(runs)) + 1]


def _similar(first: frozenset[int], second: frozenset[int]) -> bool:
    shared = len(first & second)
    return shared >= _SAME * (len(first) + len(second) - shared)
