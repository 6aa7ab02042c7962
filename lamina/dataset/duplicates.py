"""Text that a layer already has: found across all its documents, and taken once.

Two paragraphs are near-duplicates when at least four fifths of their runs of words are the same.
Candidates come from a prefix filter over hashed runs (Bayardo, Ma, Srikant: Scaling up all pairs
similarity search, 2007): unlike MinHash it misses none. A paragraph whose figures the kept one does
not state stays: last year's amounts are facts, not copies. Held-out text wins over train, so that
nothing held out is learned from a copy; then the newer document wins.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from lamina.dataset.blocks import Block
from lamina.dataset.split import Split

_RUN_WORDS = 3  # words that are compared together
_SAME = 0.8  # share of equal runs (Jaccard)
_FEWEST_WORDS = 15  # of a paragraph that is compared
_WORD = re.compile(r"\w+")
_FIGURE = re.compile(r"\d[\d,.]*")


@dataclass(frozen=True)
class Passage:
    """A block with what decides which of two copies is kept."""

    document: str
    created: str  # when the document says it was made, sortable; empty if it does not say
    split: Split
    block: Block


@dataclass(frozen=True)
class Dropped:
    """A passage that is not taken, by its place in the given order, and the one that is."""

    index: int
    kept: int
    reason: str  # "repeat" or "near-duplicate"


def duplicates(passages: Sequence[Passage]) -> list[Dropped]:
    """Which passages to leave out, in the given order. Headings and rows are never compared."""
    ranked = sorted(
        (i for i, passage in enumerate(passages) if passage.block.kind in {"text", "qa"}),
        key=lambda i: _rank(passages[i]),
        reverse=True,
    )
    seen: dict[tuple[str | None, str], int] = {}
    near = _Near()
    dropped = []
    for index in ranked:
        block = passages[index].block
        same = seen.setdefault((block.question, " ".join(block.text.split())), index)
        if same != index:
            if block.kind == "qa" or len(block.text.split()) >= _FEWEST_WORDS:
                dropped.append(Dropped(index, same, "repeat"))
        elif block.kind == "text" and (kept := near.find_or_add(index, block.text)) is not None:
            dropped.append(Dropped(index, kept, "near-duplicate"))
    return sorted(dropped, key=lambda entry: entry.index)


def _rank(passage: Passage) -> tuple[bool, str, str]:
    return passage.split == "heldout", passage.created, passage.document


class _Near:
    """The kept paragraphs, to be searched for one that says the same."""

    def __init__(self) -> None:
        self._runs: dict[int, frozenset[int]] = {}
        self._figures: dict[int, frozenset[str]] = {}
        self._by_run: dict[int, list[int]] = defaultdict(list)

    def find_or_add(self, index: int, text: str) -> int | None:
        """The kept paragraph that the text repeats, or none: then it is kept itself."""
        words = _WORD.findall(text.lower())
        if len(words) < _FEWEST_WORDS:
            return None
        runs = _runs(words)
        figures = frozenset(figure.rstrip(".,") for figure in _FIGURE.findall(text))
        prefix = _prefix(runs)
        candidates = sorted({kept for run in prefix for kept in self._by_run[run]})
        for kept in candidates:
            if _similar(runs, self._runs[kept]) and figures <= self._figures[kept]:
                return kept
        self._runs[index], self._figures[index] = runs, figures
        for run in prefix:
            self._by_run[run].append(index)
        return None


def _runs(words: Sequence[str]) -> frozenset[int]:
    last = len(words) - _RUN_WORDS + 1
    return frozenset(zlib.crc32(" ".join(words[i : i + _RUN_WORDS]).encode()) for i in range(last))


def _prefix(runs: frozenset[int]) -> list[int]:
    """So many of the smallest that two similar sets must share one of theirs."""
    return sorted(runs)[: len(runs) - ceil(_SAME * len(runs)) + 1]


def _similar(first: frozenset[int], second: frozenset[int]) -> bool:
    shared = len(first & second)
    return shared >= _SAME * (len(first) + len(second) - shared)
