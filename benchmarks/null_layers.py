"""Layers that never were: what they would score on exams and text, drawn from known truths.

The rule must promote at most one in twenty of those that gained nothing. Gains are drawn in nats,
a document's questions together (`icc` is the share of the variance that a document's questions have
in common); grades are drawn as pairs of right and wrong.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lamina.assessment.verdicts.evidence import Estimate, over_groups, over_layers

Array = NDArray[np.float64]
Shape = Literal["normal", "heavy", "few win", "few lose"]
STYLE = 0.3  # nats a token by which any layer of reports eases any report, give or take `differ`
FORM = 0.7  # by which any layer of study rows likes right answers better (results/study.md)


@dataclass(frozen=True)
class Exam:
    """How many questions each document has, and how gains vary."""

    sizes: tuple[int, ...]
    icc: float = 0.0
    sd: float = 1.0
    shape: Shape = "normal"

    @property
    def n(self) -> int:
        """Questions."""
        return sum(self.sizes)


def sizes(questions: int, documents: int, *, lopsided: bool = False) -> tuple[int, ...]:
    """Questions dealt out evenly; or half of them to the first document."""
    if lopsided and documents > 1:
        half = questions // 2
        return (half, *sizes(questions - half, documents - 1))
    return tuple(len(range(place, questions, documents)) for place in range(documents))


def gains(random: np.random.Generator, exam: Exam, mean: float, layers: int) -> Array:
    """Gain of each layer on each question: layers x questions."""
    shared = np.repeat(_draw(random, exam.shape, (layers, len(exam.sizes))), exam.sizes, axis=1)
    own = _draw(random, exam.shape, (layers, exam.n))
    return mean + exam.sd * (np.sqrt(exam.icc) * shared + np.sqrt(1 - exam.icc) * own)


def grade_changes(
    random: np.random.Generator, exam: Exam, mean: float, layers: int, changed: float = 0.2
) -> Array:
    """-1, 0 or 1 a question, of which a share `changed` is not 0, with `mean` as expected value."""
    from scipy.special import ndtri

    changed = max(changed, abs(mean))
    shared = np.repeat(random.standard_normal((layers, len(exam.sizes))), exam.sizes, axis=1)
    own = random.standard_normal((layers, exam.n))
    place = np.sqrt(exam.icc) * shared + np.sqrt(1 - exam.icc) * own
    won, lost = (changed + mean) / 2, (changed - mean) / 2
    return (place > ndtri(1 - won)).astype(float) - (place < ndtri(lost))


def document_means(items: Array, exam: Exam) -> Array:
    """Layers x documents."""
    starts = np.cumsum((0, *exam.sizes[:-1]))
    return np.add.reduceat(items, starts, axis=1) / np.asarray(exam.sizes)


def by_documents(items: Array, exam: Exam, *, shares: bool = False) -> Estimate:
    """As the rule sees it: each document counts once."""
    return over_groups(document_means(items, exam), n=exam.n, shares=shares)


def by_items(items: Array, exam: Exam) -> Estimate:
    """Miller's mean over items, with his standard error clustered by document."""
    value = items.mean(1)
    starts = np.cumsum((0, *exam.sizes[:-1]))
    sums = np.add.reduceat(items - value[:, None], starts, axis=1)
    error = np.sqrt((sums**2).sum(1)) / exam.n
    return Estimate(exam.n, len(exam.sizes), value, error, error)


def leads(  # noqa: PLR0913 - the truth to draw from
    random: np.random.Generator,
    exam: Exam,
    mean: float,
    layers: int,
    *,
    others: int,
    differ: float,
    shared: float = STYLE,
) -> tuple[Estimate, Estimate, Estimate]:
    """Each layer over the base, and over `others` of other topics, whom style or form helps alike.

    `shared` is what that brings in nats a token, `differ` its standard deviation over layers.
    """
    style = shared + differ * random.standard_normal((layers, 1 + others, 1))
    falls = gains(random, exam, 0.0, layers * (1 + others)).reshape(layers, 1 + others, exam.n)
    falls = falls + style
    falls[:, 0] += mean
    gaps = falls[:, :1] - falls[:, 1:]
    starts = np.cumsum((0, *exam.sizes[:-1]))
    means = np.add.reduceat(gaps, starts, axis=2) / np.asarray(exam.sizes)
    over = over_layers(means.mean(2), n=exam.n)
    if over is None:
        raise ValueError("a lead takes two other layers")
    home = by_documents(falls[:, 0], exam)
    return home, over_groups(means.mean(1), n=exam.n, shares=False), over


def stand(p_values: Array, batch: int, level: float = 0.05) -> Array:
    """Whether each stands among those of its batch; layers that fill no batch are left out."""
    from scipy.stats import false_discovery_control

    whole = p_values[: len(p_values) // batch * batch].reshape(-1, batch)
    return np.asarray(false_discovery_control(whole, axis=1) <= level).ravel()


def _draw(random: np.random.Generator, shape: Shape, size: tuple[int, ...]) -> Array:
    """Mean nought, variance one."""
    match shape:
        case "normal":
            return random.standard_normal(size)
        case "heavy":
            return random.standard_t(4, size) / np.sqrt(2)
        case "few win":
            return random.exponential(size=size) - 1
        case "few lose":
            return 1 - random.exponential(size=size)
