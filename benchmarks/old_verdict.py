"""The rule before this one, kept to be shown beside it: three measures, any of which could decide.

Shares of exact answers by Newcombe's interval, F1 and held-out loss by a bootstrap over items; up
on one of them and down on none was better than the base.
"""

import random
from collections.abc import Sequence
from math import sqrt

from pydantic import BaseModel, ConfigDict, Field

Z_95 = 1.959964  # 97.5 % point of the normal distribution
RESAMPLES = 2000
MIN_PAIRS = 6  # with five, even five of five the same way has p = 2 / 2**5 > 0.05 (sign test)


class Difference(BaseModel):
    """A mean difference and its 95 % interval."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float
    n: int = Field(description="pairs it was measured on")

    @property
    def above(self) -> bool:
        """Surely above nought: the interval says so, and there are pairs enough to believe it."""
        return self.n >= MIN_PAIRS and self.low > 0

    @property
    def below(self) -> bool:
        """Surely below nought."""
        return self.n >= MIN_PAIRS and self.high < 0


def difference_of_shares(pairs: Sequence[tuple[bool, bool]]) -> Difference | None:
    """Share right of the first of each pair less that of the second; None without pairs.

    Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions
    based on paired data", Statistics in Medicine 17, 2635-2650, method 10: Wilson intervals of the
    two shares, joined with the correlation of the pairs.
    """
    n = len(pairs)
    if not n:
        return None
    both = sum(first and second for first, second in pairs)
    only_first = sum(first and not second for first, second in pairs)
    only_second = sum(second and not first for first, second in pairs)
    neither = n - both - only_first - only_second
    share, other = (both + only_first) / n, (both + only_second) / n
    low, high = wilson(both + only_first, n)
    other_low, other_high = wilson(both + only_second, n)
    phi = _correlation(both, only_first, only_second, neither)
    value = share - other
    down, up = share - low, other_high - other
    other_up, other_down = high - share, other - other_low
    return Difference(
        value=value,
        low=value - sqrt(max(0.0, down**2 - 2 * phi * down * up + up**2)),
        high=value + sqrt(max(0.0, other_up**2 - 2 * phi * other_up * other_down + other_down**2)),
        n=n,
    )


def wilson(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share of `right` in `n`.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", Journal of
    the American Statistical Association 22, 209-212.
    """
    share, z2 = right / n, Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def mean_difference(
    differences: Sequence[float], *, seed: int, weights: Sequence[float] | None = None
) -> Difference | None:
    """Weighted mean of paired differences with a percentile bootstrap interval; None without any.

    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13; the same seed gives
    the same interval. The pairs are drawn, each with its weight.
    """
    n = len(differences)
    if not n:
        return None
    weights = weights or [1.0] * n
    pairs = [(value * weight, weight) for value, weight in zip(differences, weights, strict=True)]
    draw = random.Random(seed)
    means = sorted(_weighted(draw.choices(pairs, k=n)) for _ in range(RESAMPLES))
    edge = round(RESAMPLES * 0.025)
    return Difference(value=_weighted(pairs), low=means[edge], high=means[-edge - 1], n=n)


def _weighted(pairs: Sequence[tuple[float, float]]) -> float:
    return sum(product for product, _ in pairs) / sum(weight for _, weight in pairs)


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    """Phi with Newcombe's continuity correction; nought where a margin is empty."""
    margins = (both + only_first) * (only_second + neither)
    margins *= (both + only_second) * (only_first + neither)
    if not margins:
        return 0.0
    cross = float(both * neither - only_first * only_second)
    if cross > 0:
        cross = max(0.0, cross - (both + only_first + only_second + neither) / 2)
    return cross / sqrt(margins)


def word(
    pairs: Sequence[tuple[bool, bool]], losses: Sequence[float], f1: Sequence[float] = ()
) -> str:
    """The old word; pairs: (layer right, base right); losses and F1: layer's less the base's."""
    exact = difference_of_shares(pairs)
    f1_gain, loss = mean_difference(f1, seed=1), mean_difference(losses, seed=1)
    up = any(one is not None and one.above for one in (exact, f1_gain))
    down = any(one is not None and one.below for one in (exact, f1_gain))
    up = up or (loss is not None and loss.below)
    down = down or (loss is not None and loss.above)
    return "unclear" if up == down else "better" if up else "worse"
