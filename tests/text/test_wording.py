"""Runs of thirteen words, figures aside."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lamina.text.wording import RUN_WORDS, masked_words, shared, wording

WORDS = st.lists(st.sampled_from(["rent", "is", "paid", "in", "March", "1,200", "(3.5)", "%"]))


def runs(text: str) -> list[tuple[str, ...]]:
    words = masked_words(text)
    return [tuple(words[n : n + RUN_WORDS]) for n in range(len(words) - RUN_WORDS + 1)]


@given(WORDS.map(" ".join), WORDS.map(" ".join))
def test_numbers_are_equal_where_runs_are(one: str, other: str) -> None:
    first, second = wording(one), wording(other)

    found = shared(first, np.unique(second))

    assert found.tolist() == [run in runs(other) for run in runs(one)]


def test_figures_are_one_mask_however_many_stand_together() -> None:
    assert masked_words("Rent of $1,200.50 (2022: 1,100)") == ["rent", "of", "#"]
    assert masked_words("Topic 842, ASU 2016-02") == ["topic", "#", "asu", "#"]


def test_a_short_text_has_no_run() -> None:
    assert wording("twelve words are too few to be a run that is compared").size == 0
