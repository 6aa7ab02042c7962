"""The limits of the parity ladder, each by itself."""

import math

import pytest

from lamina.conversion.ladder import Limits, Rung, Tokens, problems


@pytest.mark.parametrize(
    ("loss", "kl", "agreement", "named"),
    [
        (1.0, 2e-3, 1.0, "mean KL"),
        (1.0, math.nan, 1.0, "mean KL"),
        (1.0, 0.0, 0.98, "top-1"),
    ],
)
def test_each_limit_of_f16_fails_by_itself(
    loss: float, kl: float, agreement: float, named: str
) -> None:
    rungs = [
        Rung(name="PyTorch", loss=1.0),
        Rung(name="F16", loss=loss, kl=kl, agreement=agreement),
    ]
    tokens = Tokens(compared=1, differing=0, same_template=True)

    (problem,) = problems(tokens, rungs, Limits())

    assert named in problem


@pytest.mark.parametrize("loss", [1.04, 0.96, math.nan])
def test_a_held_out_loss_beyond_the_limit_fails_in_either_direction(loss: float) -> None:
    rungs = [Rung(name="PyTorch", loss=1.0), Rung(name="Q4_K_M", loss=loss, kl=0.1, agreement=0.9)]
    tokens = Tokens(compared=1, differing=0, same_template=True)

    (problem,) = problems(tokens, rungs, Limits())

    assert "held-out loss" in problem
