"""The same text is taken once, and no figure is lost."""

import itertools
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lamina.dataset.duplicates import Taken, _prefix, _similar
from lamina.text.blocks import Block

WORDS = ["".join(letters) for letters in itertools.product("abcdefg", repeat=3)][:300]
TEXT = " ".join(random.Random(1).sample(WORDS, 60))
ALMOST = TEXT.replace(TEXT.split()[30], "another")


def dropped(*given: str | Block) -> list[tuple[int, str]]:
    """Which of these are left out, one taken after the other, and why."""
    blocks = [Block("text", one, (1, 1)) if isinstance(one, str) else one for one in given]
    with tempfile.TemporaryDirectory() as folder, Taken(Path(folder) / "taken") as taken:
        found = [taken.take(f"document {index}", block) for index, block in enumerate(blocks)]
    return [(index, copied.reason) for index, copied in enumerate(found) if copied]


def test_the_same_paragraph_is_taken_once() -> None:
    assert dropped(TEXT, TEXT) == [(1, "repeat")]


def test_a_paragraph_that_says_almost_the_same_is_dropped() -> None:
    assert dropped(TEXT, ALMOST) == [(1, "near-duplicate")]


def test_other_text_stays() -> None:
    assert dropped(TEXT, " ".join(random.Random(2).sample(WORDS, 60))) == []


def test_a_paragraph_with_a_figure_of_its_own_stays() -> None:
    old, new = f"{TEXT} in 2021 it paid 1,500", f"{TEXT} in 2022 it paid 1,700"

    assert dropped(new, old) == []


def test_what_was_kept_instead_is_told(tmp_path: Path) -> None:
    with Taken(tmp_path / "taken") as taken:
        taken.take("annual report", Block("text", TEXT, (7, 8)))
        copied = taken.take("quarterly report", Block("text", ALMOST, (1, 1)))

    assert copied
    assert (copied.kept.document, copied.kept.pages) == ("annual report", (7, 8))


def test_the_memory_of_what_was_taken_leaves_no_file(tmp_path: Path) -> None:
    with Taken(tmp_path / "taken") as taken:
        taken.take("a", Block("text", TEXT, (1, 1)))

    assert list(tmp_path.iterdir()) == []


def test_short_lines_and_headings_may_recur() -> None:
    heading = Block("heading", TEXT, (1, 1), level=1)

    assert dropped("See below.", "See below.", heading, heading) == []


def test_the_same_question_with_the_same_answer_is_asked_once() -> None:
    asked = Block("qa", "12 months", (1, 1), question="How long?")

    assert dropped(asked, asked) == [(1, "repeat")]


def jaccard(first: str, second: str) -> float:
    def runs(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}

    a, b = runs(first), runs(second)
    return len(a & b) / len(a | b)


@given(st.sets(st.integers(0, 40), min_size=1), st.sets(st.integers(0, 40), max_size=8))
@example(set(range(25)), set(range(5)))
def test_two_similar_sets_share_a_candidate(runs: set[int], lost: set[int]) -> None:
    first, second = frozenset(runs), frozenset(runs - lost)

    assert not _similar(first, second) or set(_prefix(first)) & set(_prefix(second)) or not second


@pytest.mark.parametrize("cut", range(1, 9))
def test_every_pair_above_the_threshold_is_found_and_none_below(cut: int) -> None:
    rng = random.Random(cut)
    for _ in range(60):
        words = rng.sample(WORDS, 27)
        whole, other = " ".join(words), " ".join(words[cut:])
        expected = jaccard(whole, other) >= 0.8  # of 25 runs: up to 5 may be missing

        assert bool(dropped(whole, other)) == expected
        assert bool(dropped(other, whole)) == expected
