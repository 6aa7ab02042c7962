from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.training.packing import in_turn, pack_steps, rate_share

LENGTHS = st.lists(st.integers(2, 40), min_size=1, max_size=30)
SHAPE = {"sequence_tokens": 40, "batch_tokens": 60, "epochs": 1.0, "steps": None, "seed": 1}


def steps(lengths: list[int], **changed: object) -> list[tuple[tuple[int, ...], ...]]:
    return pack_steps(lengths, [1] * len(lengths), **{**SHAPE, **changed})


@given(LENGTHS)
def test_no_pack_is_longer_than_a_sequence(lengths: list[int]) -> None:
    packs = [pack for step in steps(lengths) for pack in step]

    assert max(sum(lengths[index] for index in pack) for pack in packs) <= 40


@given(LENGTHS)
def test_every_document_is_seen_before_any_is_seen_again(lengths: list[int]) -> None:
    seen = [index for step in steps(lengths, steps=60) for pack in step for index in pack]

    assert set(range(len(lengths))) == set(seen[: len(lengths)])


@given(LENGTHS)
def test_a_run_in_order_sees_everything_once(lengths: list[int]) -> None:
    assert list(range(len(lengths))) == [index for pack in in_turn(lengths, 40) for index in pack]


def test_a_repeated_document_is_seen_that_often_in_an_epoch() -> None:
    shape = {**SHAPE, "steps": 1, "batch_tokens": 400}
    (step,) = pack_steps([10, 10], [1, 3], **shape)

    assert Counter({1: 30, 0: 10}) == Counter(index for pack in step for index in pack)


def test_the_order_follows_from_the_seed() -> None:
    lengths = list(range(2, 30))

    assert steps(lengths) == steps(lengths)
    assert steps(lengths) != steps(lengths, seed=2)


def test_a_longer_run_begins_like_a_shorter_one() -> None:
    lengths = list(range(2, 30))

    assert steps(lengths, steps=5) == steps(lengths, steps=9)[:5]


def test_steps_hold_about_the_tokens_asked_for() -> None:
    found = [sum(10 for pack in step for _ in pack) for step in steps([10] * 50, steps=20)]

    assert sum(found) / len(found) == pytest.approx(60, rel=0.35)


def test_the_rate_rises_then_falls_to_almost_nothing() -> None:
    rates = [rate_share(step, 100, 0.1) for step in range(1, 101)]

    assert rates[9] == 1.0 == max(rates)
    assert rates[:10] == sorted(rates[:10])
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert 0 < rates[-1] < 0.001


def test_without_a_warm_up_the_rate_only_falls() -> None:
    assert rate_share(1, 10, 0) <= 1
    assert rate_share(1, 10, 0) > rate_share(2, 10, 0)
