from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.assessment.verdicts.evidence import (
    Estimate,
    levels,
    over_documents,
    over_groups,
    over_layers,
)

FIGURES = st.floats(-5, 5)


def test_each_document_counts_once() -> None:
    found = over_documents([("a", 1, 1), ("a", 1, 1), ("a", 1, 1), ("b", 0, 1)], shares=False)

    assert found is not None
    assert (found.value, found.groups, found.n) == (0.5, 2, 4)


def test_within_a_document_items_count_by_their_weights() -> None:
    found = over_documents([("a", 1, 30), ("a", -3, 10), ("b", 2, 1)], shares=False)

    assert found is not None
    assert found.value == pytest.approx((0 + 2) / 2)


def test_bounds_are_those_of_students_t() -> None:
    """Mean 3, sd 1.5811, five groups: t(4) at 95 % is 2.1318 (any table of t)."""
    found = over_groups([1, 2, 3, 4, 5], n=5, shares=False)

    assert found.low(0.05) == pytest.approx(3 - 2.1318 * 1.5811 / 5**0.5, abs=1e-3)
    assert found.high(0.05) == pytest.approx(3 + 2.1318 * 1.5811 / 5**0.5, abs=1e-3)


def test_one_document_says_nothing_of_others() -> None:
    assert over_documents([("a", 1, 1), ("a", 2, 1)], shares=False) is None
    assert over_layers([1.0], n=3) is None


@given(st.lists(FIGURES, min_size=2, max_size=12), FIGURES, st.floats(0.001, 0.4))
def test_a_bound_lies_above_the_bar_just_where_the_test_says_so(
    means: list[float], bar: float, level: float
) -> None:
    found = over_groups(means, n=len(means), shares=False)
    low, p = float(found.low(level)), float(found.p_above(bar))

    if abs(low - bar) > 1e-6:
        assert (low > bar) == (p < level)


def test_questions_that_all_come_out_alike_leave_some_doubt() -> None:
    same = over_groups([0.0] * 60, n=60, shares=True)

    assert same.value == 0
    assert same.low(0.05) == pytest.approx(-0.044, abs=0.001)  # exact: 1 - 0.05 ** (1 / 60) = 0.049
    assert same.high(0.05) == pytest.approx(0.044, abs=0.001)


@pytest.mark.parametrize("n", [12, 60, 200])
def test_harm_beyond_the_margin_is_let_through_once_in_twenty(n: int) -> None:
    lost = np.random.default_rng(3).random((4000, n)) < 0.1

    found = over_groups(-lost.astype(float), n=n, shares=True)

    assert (np.asarray(found.low(0.05)) > -0.1).mean() <= 0.06


def test_one_more_layer_may_lead_the_others_by_more_than_their_mean_is_off() -> None:
    found = over_layers([0.1, 0.2, 0.3], n=9)

    assert found is not None
    assert found.value == pytest.approx(0.2)
    assert found.error == pytest.approx(0.1 * (4 / 3) ** 0.5)


def test_as_many_documents_as_are_said_to_be_enough_are() -> None:
    """With a spread of 1 and 0.5 to show, one-sided t: 27 for four tries of five (Cohen 1988)."""
    found = Estimate(n=10, groups=5, value=0.5, error=0.45, spread=1.0)

    assert found.enough(0.0, 0.05) in {26, 27, 28}
    assert found.enough(0.5, 0.05) is None
    assert found.enough(0.6, 0.05) is None


@given(st.floats(0.01, 3), st.floats(0, 3), st.sampled_from([0.05, 0.002]))
def test_fewer_than_enough_are_not(value: float, spread: float, level: float) -> None:
    enough = Estimate(10, 5, value, 1.0, spread).enough(0.0, level)

    if enough is not None and enough > 2:
        more = Estimate(10, 5, value * 1.2, 1.0, spread).enough(0.0, level)
        assert more is not None
        assert more <= enough


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_batch_is_decided_as_each_bound_by_itself(p_values: list[float]) -> None:
    stand, level = levels(p_values, 0.05)

    assert stand == [p <= level for p in p_values]
    assert level <= 0.05


def test_a_batch_is_that_of_benjamini_and_hochberg() -> None:
    """Their own example (1995, section 4): the first four of fifteen."""
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
                0.4262, 0.5719, 0.6528, 0.7590, 1.0000]  # fmt: skip

    stand, level = levels(p_values, 0.05)

    assert stand == [True] * 4 + [False] * 11
    assert level == pytest.approx(4 / 15 * 0.05)
    assert levels([], 0.05) == ([], 0.05)


@pytest.mark.parametrize(("groups", "shares"), list(product([2, 7], [False, True])))
def test_many_layers_at_once_are_as_each_alone(groups: int, *, shares: bool) -> None:
    means = np.random.default_rng(1).uniform(-1, 1, (3, groups))

    together = over_groups(means, n=3 * groups, shares=shares)
    alone = [over_groups(row, n=3 * groups, shares=shares) for row in means]

    assert np.allclose(together.p_above(0.1), [one.p_above(0.1) for one in alone])
    assert np.allclose(together.low(0.05), [one.low(0.05) for one in alone])
