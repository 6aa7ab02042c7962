"""Mean differences between two subjects, with bounds that count documents and not items. Pure.

Items of one document rise and fall together, so each document counts once, by the mean of its
items' differences (of text: by token, as a loss is told), and Student's t has documents - 1 degrees
of freedom. That is Miller's clustered standard error (arXiv 2411.00640) where documents are of one
size. Where they are not, his is too narrow for a few documents (benchmarks/results/verdicts.md),
and this one is not: a t statistic of independent group means stays at or below its level however
much their variances differ, one-sided 5 % up to 14 groups, lower levels for any number (Bakirov and
Szekely 2005; Ibragimov and Mueller 2010, "t-Statistic Based Correlation and Heterogeneity Robust
Inference", Journal of Business & Economic Statistics 28, 453-468).

All functions of means take one axis of documents, and any number of axes before it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from statistics import fmean
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Figures = float | NDArray[np.float64]

POWER = 0.8  # the chance of seeing what is there, customary since Cohen 1988
MOST = 100_000  # documents; more is as good as never

Difference: TypeAlias = tuple[str, float, float]  # document, how far one item differs, its weight


@dataclass(frozen=True)
class Estimate:
    """A mean over documents, or over layers, and how far it may be off. Floats, or arrays alike."""

    n: int  # items behind it
    groups: int  # documents, or layers: what is independent
    value: "Figures"  # the mean of the groups' means
    error: "Figures"  # its standard error
    spread: "Figures"  # standard deviation of one group's mean
    tilt: float = 0.0  # share of one item more that went the other way (`over_groups`)

    def low(self, level: float) -> "Figures":
        """Below which the truth lies with probability `level` at most."""
        return self._tilted(-1) - _quantile(self.groups, level) * self.error

    def high(self, level: float) -> "Figures":
        """Above which the truth lies with probability `level` at most."""
        return self._tilted(1) + _quantile(self.groups, level) * self.error

    def p_above(self, bar: float) -> "Figures":
        """Chance of a mean as high as this one where the truth is no higher than `bar`."""
        import numpy as np
        from scipy.special import stdtr

        gap = np.asarray(self._tilted(-1) - bar, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(gap == 0, 0.0, gap / np.asarray(self.error, dtype=float))
        found = stdtr(self.groups - 1, -steps)
        return found if found.ndim else float(found)

    def _tilted(self, outcome: int) -> "Figures":
        return self.value * (1 - self.tilt) + outcome * self.tilt

    def enough(self, bar: float, level: float) -> int | None:
        """Groups with which a gain like this would exceed `bar`, at four tries of five.

        None where what was seen does not exceed it: no number would show it.
        """
        need = float(self._tilted(-1)) - bar
        if need <= 0:
            return None

        def shows(groups: int) -> bool:
            steps = _quantile(groups, level) + _quantile(groups, 1 - POWER)
            return steps * float(self.spread) / sqrt(groups) <= need

        few, many = 1, 2
        while not shows(many):
            few, many = many, 2 * many
            if many > MOST:
                return None
        while many - few > 1:
            middle = (few + many) // 2
            few, many = (few, middle) if shows(middle) else (middle, many)
        return many


def over_documents(differences: Iterable[Difference], *, shares: bool) -> Estimate | None:
    """The mean over documents; None of a single document, which says nothing of others.

    `shares`: each difference is of grades of 0 to 1.
    """
    listed = list(differences)
    means = document_means(listed)
    if len(means) < 2:  # noqa: PLR2004 - a spread takes two
        return None
    return over_groups(means, n=len(listed), shares=shares)


def document_means(differences: Iterable[Difference]) -> list[float]:
    """The mean difference in each document, its items by their weights."""
    documents: dict[str, list[tuple[float, float]]] = {}
    for document, difference, weight in differences:
        documents.setdefault(document, []).append((difference, weight))
    return [fmean(*zip(*items, strict=True)) for items in documents.values()]


def over_groups(
    means: "Sequence[float] | NDArray[np.float64]", *, n: int, shares: bool
) -> Estimate:
    """The mean of groups' means, along the last axis.

    A bound of shares counts one item more, which went the other way: a dozen questions that all
    come out alike would have no error at all. Of questions one by one, none of 60 lost, that is the
    rule of three (Hanley and Lippman-Hand 1983, "If Nothing Goes Wrong, Is Everything All Right?",
    JAMA 249, 1743-1745): at most 4 to 5 in a hundred are lost.
    """
    import numpy as np

    found = np.asarray(means, dtype=float)
    groups = found.shape[-1]
    tilt = 1 / (n + 1) if shares else 0.0
    spread = found.std(-1, ddof=1)
    error = np.sqrt(spread**2 / groups + tilt**2)
    value = found.mean(-1)
    return Estimate(n, groups, _plain(value), _plain(error), _plain(spread), tilt)


def over_layers(gaps: "Sequence[float] | NDArray[np.float64]", *, n: int) -> Estimate | None:
    """How far a layer is ahead of one more layer such as those that it is ahead of by `gaps`.

    The interval of a prediction: a layer without knowledge of its topic is one of them. None of a
    single one.
    """
    import numpy as np

    found = np.asarray(gaps, dtype=float)
    layers = found.shape[-1]
    if layers < 2:  # noqa: PLR2004 - a spread takes two
        return None
    spread = found.std(-1, ddof=1)
    error = spread * sqrt(1 + 1 / layers)
    value = found.mean(-1)
    return Estimate(n, layers, _plain(value), _plain(error), _plain(spread))


def levels(p_values: Sequence[float], level: float) -> tuple[list[bool], float]:
    """Which of a batch stand, and the level at which each of them does by itself.

    Benjamini and Hochberg 1995: of those that stand, at most a share `level` by luck. The k that
    stand are just those whose own bound holds at `level` * k / all (Benjamini and Yekutieli 2005),
    and with none standing no bound holds at `level` / all; so bounds and decisions agree.
    """
    if not p_values:
        return [], level
    from scipy.stats import false_discovery_control

    stand = [bool(p <= level) for p in false_discovery_control(list(p_values))]
    return stand, level * (max(1, sum(stand)) / len(stand))


def _plain(found: "NDArray[np.float64]") -> "Figures":
    return found if found.ndim else float(found)


def _quantile(groups: int, level: float) -> float:
    """The steps of the standard error beyond which a t statistic lies with probability `level`."""
    from scipy.special import stdtrit

    return float(stdtrit(groups - 1, 1 - level)) if groups > 1 else inf
