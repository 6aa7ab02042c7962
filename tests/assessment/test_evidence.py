import random
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.assessment.evidence import difference_of_shares, mean_difference, wilson


def pairs(both: int, only_first: int, only_second: int, neither: int) -> list[tuple[bool, bool]]:
    kinds = [(True, True), (True, False), (False, True), (False, False)]
    counts = (both, only_first, only_second, neither)
    return [kind for kind, count in zip(kinds, counts, strict=True) for _ in range(count)]


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [  # Newcombe 1998; Fagerland et al. 2014, table V; Altman et al. 2000, page 52
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((1, 1, 7, 12), -0.507, -0.026),
        ((14, 5, 0, 22), 0.011, 0.226),
    ],
)
def test_the_interval_of_shares_is_newcombes(
    table: tuple[int, int, int, int], low: float, high: float
) -> None:
    difference = difference_of_shares(pairs(*table))

    assert difference is not None
    assert (difference.low, difference.high) == pytest.approx((low, high), abs=6e-4)


def test_wilsons_interval_of_none_in_ten() -> None:
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)


def test_twelve_of_twelve_against_none_is_surely_above_but_not_certain() -> None:
    difference = difference_of_shares(pairs(0, 12, 0, 0))

    assert difference is not None
    assert difference.above
    assert 0.5 < difference.low < 0.9


def test_five_pairs_never_suffice() -> None:
    difference = difference_of_shares(pairs(0, 5, 0, 0))

    assert difference is not None
    assert not difference.above


def test_without_pairs_there_is_no_difference() -> None:
    assert difference_of_shares([]) is None
    assert mean_difference([], seed=1) is None


def test_heavy_rows_count_for_more() -> None:
    difference = mean_difference([1.0, -1.0], seed=1, weights=[3, 1])

    assert difference is not None
    assert difference.value == pytest.approx(0.5)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.integers(0, 99))
def test_the_bootstrap_encloses_the_mean_and_repeats_itself(values: list[float], seed: int) -> None:
    once, again = mean_difference(values, seed=seed), mean_difference(values, seed=seed)

    assert once is not None
    assert once == again
    assert min(values) - 1e-9 <= once.low <= once.high <= max(values) + 1e-9


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_swapping_the_pairs_mirrors_the_interval(sample: list[tuple[bool, bool]]) -> None:
    there = difference_of_shares(sample)
    back = difference_of_shares([(second, first) for first, second in sample])

    assert there is not None
    assert back is not None
    assert there.value == pytest.approx(-back.value)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert -1 <= there.low <= there.value <= there.high <= 1


def test_the_bootstrap_is_as_wide_as_theory_says() -> None:
    draw = random.Random(5)
    sample = [draw.gauss(0.3, 1) for _ in range(100)]

    difference = mean_difference(sample, seed=1)

    assert difference is not None
    assert difference.high - difference.low == pytest.approx(
        2 * 1.96 * stdev(sample) / 100**0.5, rel=0.1
    )
