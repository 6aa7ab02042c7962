"""Which documents share wording: as many runs as comparing them word by word finds."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import sheets
from hypothesis import given
from hypothesis import strategies as st

from lamina.dataset import groups
from lamina.dataset.groups import BINDING, COMMON, document_runs, grouped, sharing
from lamina.store import Stage, Store
from lamina.text.pages import Pages, write_pages

SEEDS = st.dictionaries(st.sampled_from("abcdefgh"), st.frozensets(st.integers(0, 40)), min_size=1)


@given(SEEDS, st.frozensets(st.sampled_from("abcdefgh")), st.sampled_from([3, 1 << 20]))
def test_pairs_are_counted_as_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
    held: dict[str, frozenset[int]],
    new: frozenset[str],
    at_once: int,
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    spread = {name: sorted(run << 58 for run in runs) for name, runs in held.items()}
    files = {name: folder / f"{name}.npy" for name in held}
    for name, runs in spread.items():
        np.save(files[name], np.array(runs, np.uint64))
    frequency = Counter(run for runs in held.values() for run in runs)
    expected = {
        (one, other): count
        for one, other in combinations(sorted(held), 2)
        if {one, other} & new
        and (count := sum(frequency[run] <= COMMON for run in held[one] & held[other]))
    }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "_AT_ONCE", at_once)
        assert sharing(files, new) == expected


def stored(store: Store, name: str, pages: Pages) -> Path:
    def make(folder: Path) -> dict[str, object]:
        write_pages(folder, pages)
        return {}

    return document_runs(store, store.once("pages", Stage("test", 1), {"name": name}, make))


def test_another_year_of_a_page_is_its_group_and_another_page_is_not(store: Store) -> None:
    words = [
        "we",
        "lease",
        "offices",
        "for",
        "terms",
        "of",
        "up",
        "to",
        "ten",
        "years",
        "and",
        "pay",
        "rent",
        "each",
        "month",
        "to",
        "owners",
    ]
    told = [" ".join(words[n:] + words[:n]) + f" in {{}} for ${n},000." for n in range(6)]
    years = {str(year): sheets.pages([line.format(year) for line in told]) for year in (2021, 2022)}
    other = sheets.pages([f"Goodwill is tested in month {n} by nobody else." for n in range(9)])

    files = {name: stored(store, name, read) for name, read in (years | {"other": other}).items()}

    shared = sharing(files, files.keys())
    assert shared["2021", "2022"] >= BINDING
    assert grouped(files, shared) == [{"2021", "2022"}, {"other"}]
