"""The same text is taken once, held-out text is never learned from a copy, no figure is lost."""

import itertools
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lamina.dataset.blocks import Block
from lamina.dataset.duplicates import Passage, _prefix, _similar, duplicates
from lamina.dataset.split import Split

WORDS = ["".join(letters) for letters in itertools.product("abcdefg", repeat=3)][:300]
TEXT = " ".join(random.Random(1).sample(WORDS, 60))
ALMOST = TEXT.replace(TEXT.split()[30], "another")


def passage(
    text: str, document: str = "a", split: Split = "train", created: str = "2020"
) -> Passage:
    return Passage(document, created, split, Block("text", text, (1, 1)))


def dropped(*passages: Passage) -> list[tuple[int, str]]:
    return [(entry.index, entry.reason) for entry in duplicates(passages)]


def test_the_same_paragraph_twice_in_a_document_is_taken_once() -> None:
    assert len(dropped(passage(TEXT), passage(TEXT))) == 1


def test_a_near_duplicate_of_a_newer_document_is_dropped() -> None:
    assert dropped(passage(TEXT, "old"), passage(ALMOST, "new", created="2021")) == [
        (0, "near-duplicate")
    ]


def test_other_text_stays() -> None:
    assert dropped(passage(TEXT), passage(" ".join(random.Random(2).sample(WORDS, 60)))) == []


def test_a_paragraph_with_a_figure_of_its_own_stays() -> None:
    old, new = f"{TEXT} in 2021 it paid 1,500", f"{TEXT} in 2022 it paid 1,700"

    assert dropped(passage(old, "old"), passage(new, "new", created="2022")) == []


def test_a_copy_of_held_out_text_is_not_trained_on_however_new() -> None:
    held, copy = passage(TEXT, "old", "heldout"), passage(ALMOST, "new", created="2030")

    assert dropped(copy, held) == [(0, "near-duplicate")]


def test_short_lines_and_headings_may_recur() -> None:
    heading = Passage("a", "", "train", Block("heading", TEXT, (1, 1), level=1))

    assert dropped(passage("See below."), passage("See below."), heading, heading) == []


def test_the_same_question_with_the_same_answer_is_asked_once() -> None:
    asked = Passage("a", "", "train", Block("qa", "12 months", (1, 1), question="How long?"))

    assert dropped(asked, asked) == [(1, "repeat")] or dropped(asked, asked) == [(0, "repeat")]


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

        assert bool(dropped(passage(whole, "a"), passage(other, "b"))) == expected
        assert bool(dropped(passage(other, "a"), passage(whole, "b"))) == expected
