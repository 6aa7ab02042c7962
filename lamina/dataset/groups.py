"""Documents that say the same, figures aside: how much wording they share, which are one group.

Another year of a report, the same page in another layer: what one of them teaches, the other one
tests. Compared are the runs of words of `lamina.text.wording`. A run that many documents have is a
form of words (an auditor's report, a standard's name) and binds nobody. Each document's runs are an
artifact of their own, sorted, so a new document costs itself, and a comparison takes a slice of the
numbers at a time: its memory does not grow with the corpus.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from lamina.artifacts import ArtifactRef
from lamina.store import Stage, Store
from lamina.text.blocks.running import without_running_lines
from lamina.text.pages import read_stored_pages
from lamina.text.wording import wording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lamina.text.wording import Runs

RUNS = Stage("document_runs", version=1)
COMMON = 5  # documents with the same run; in more it is a form of words
BINDING = 16  # runs that two documents must share to be one group: 28 words in a row
_RUNS_FILE = "runs.npy"
_AT_ONCE = 1 << 21  # runs that are compared at a time: some 150 MiB

Shared = dict[tuple[str, str], int]  # by two documents, the lesser digest first: common runs


def document_runs(store: Store, pages: ArtifactRef) -> Path:
    """The file of a document's runs: sorted numbers, each once."""
    import numpy as np

    def make(folder: Path) -> dict[str, object]:
        cleaned = without_running_lines(read_stored_pages(store, pages).pages)
        text = "\n".join(line.text for _, lines in cleaned for line in lines)
        runs = np.unique(wording(text))
        np.save(folder / _RUNS_FILE, runs)
        return {"runs": int(runs.size)}

    return store.open(store.once("runs", RUNS, {"pages": pages}, make)) / _RUNS_FILE


def sharing(files: Mapping[str, Path], new: Collection[str]) -> Shared:
    """How many runs two documents share, of all pairs with a new one among them."""
    import numpy as np

    names = sorted(files)
    if not new:
        return {}
    arrays = [np.load(files[name], mmap_mode="r") for name in names]
    is_new = np.array([name in new for name in names])
    counts: dict[int, int] = defaultdict(int)
    parts = max(1, ceil(sum(array.size for array in arrays) / _AT_ONCE))
    bounds = [part * (1 << 64) // parts for part in range(parts + 1)]
    for first, last in pairwise(bounds):
        ends = np.array([first, last - 1], np.uint64)
        slices = []
        for array in arrays:
            low, high = np.searchsorted(array, ends[0]), np.searchsorted(array, ends[1], "right")
            slices.append(np.asarray(array[low:high]))
        runs = np.concatenate(slices)
        owners = np.repeat(np.arange(len(slices)), [one.size for one in slices])
        for pair, count in _pairs(runs, owners, is_new):
            counts[pair] += count
    return {
        (names[pair // len(names)], names[pair % len(names)]): count
        for pair, count in counts.items()
    }


def _pairs(
    runs: "Runs", owners: "NDArray[np.int64]", is_new: "NDArray[np.bool_]"
) -> Iterator[tuple[int, int]]:
    """(first owner x owners + second, shared runs) of owners in ascending order."""
    import numpy as np

    if not runs.size:
        return
    order = np.argsort(runs, kind="stable")
    runs, owners = runs[order], owners[order]
    starts = np.flatnonzero(np.concatenate([[True], runs[1:] != runs[:-1]]))
    sizes = np.diff(np.append(starts, runs.size))
    for size in range(2, COMMON + 1):
        rows = starts[sizes == size]
        together = owners[rows[:, None] + np.arange(size)]  # (runs, documents)
        for one in range(size):
            for other in range(one + 1, size):
                first, second = together[:, one], together[:, other]
                wanted = is_new[first] | is_new[second]
                codes = first[wanted] * len(is_new) + second[wanted]
                found, counts = np.unique(codes, return_counts=True)
                yield from zip(found.tolist(), counts.tolist(), strict=True)


def grouped(documents: Collection[str], shared: Shared) -> list[frozenset[str]]:
    """The documents in groups that share wording with each other, in order of their digests."""
    leader = {document: document for document in documents}

    def found(document: str) -> str:
        while leader[document] != document:
            leader[document] = leader[leader[document]]
            document = leader[document]
        return document

    for (one, other), count in shared.items():
        if count >= BINDING and one in leader and other in leader:
            leader[found(one)] = found(other)
    groups: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        groups[found(document)].add(document)
    return sorted(map(frozenset, groups.values()), key=min)
