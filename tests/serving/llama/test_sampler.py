"""Which token is chosen for given logits."""

from pathlib import Path

import numpy as np
import pytest

from lamina.serving.llama import Base, ContextOptions, Sampler, Sampling, open_base

FIRST, SECOND = 300, 301


def chosen(base: Base, count: int, **options: object) -> list[int]:
    """Greedy choices from logits that never change: FIRST is likelier by a half than SECOND."""
    logits = np.full(base.vocabulary.size, -50, np.float32)
    logits[FIRST], logits[SECOND] = 2.0, 1.5
    sampler = Sampler(base.vocabulary, Sampling(temperature=0, **options))
    try:
        return [sampler.choose(logits) for _ in range(count)]
    finally:
        sampler.close()


@pytest.fixture
def base(base_gguf: Path) -> Base:
    with open_base(base_gguf, ContextOptions(n_ctx=64, n_slots=1, n_threads=1)) as opened:
        yield opened


def test_without_penalties_the_likeliest_token_stays(base: Base) -> None:
    assert chosen(base, 3) == [FIRST] * 3


@pytest.mark.parametrize("more", [{}, {"presence_penalty": 0.01}], ids=["alone", "and a penalty"])
def test_a_bias_is_added_before_the_choice(base: Base, more: dict[str, float]) -> None:
    assert chosen(base, 2, logit_bias={SECOND: 0.4}, **more) == [FIRST] * 2
    assert chosen(base, 2, logit_bias={SECOND: 0.6}, **more) == [SECOND] * 2


def test_a_frequency_penalty_grows_with_every_use(base: Base) -> None:
    assert chosen(base, 4, frequency_penalty=1.0) == [FIRST, SECOND, FIRST, SECOND]


def test_a_presence_penalty_is_taken_once(base: Base) -> None:
    assert chosen(base, 4, presence_penalty=1.0) == [FIRST, SECOND, FIRST, FIRST]


def test_penalties_count_the_whole_answer(base: Base) -> None:
    """0.01 a use: after 50 uses the second is taken, then both in turn, however long ago it was."""
    tokens = chosen(base, 200, frequency_penalty=0.01)

    assert tokens[:50] == [FIRST] * 50
    assert tokens.count(SECOND) == pytest.approx(75, abs=1)
