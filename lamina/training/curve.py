"""The losses of a run, and what follows from them: the best step, and when to stop. Pure."""

from collections.abc import Sequence
from typing import TypeAlias

# One entry a step: `step`, `train_loss`, and `heldout_loss` where it was measured, else None.
Curve: TypeAlias = list[dict[str, float | int | None]]


def measured(curve: Curve) -> list[tuple[int, float]]:
    """Steps after which the held-out loss was measured, with the loss in nats a token."""
    return [
        (int(entry["step"] or 0), entry["heldout_loss"])
        for entry in curve
        if entry["heldout_loss"] is not None
    ]


def best(curve: Curve) -> tuple[int, float] | None:
    """The step with the lowest held-out loss, the first of equals; None if none was measured."""
    return min(measured(curve), key=lambda point: point[1], default=None)


def is_spent(curve: Curve, patience: int) -> bool:
    """Whether the last `patience` measurements brought nothing better; 0 = never."""
    points = measured(curve)
    found = best(curve)
    return patience > 0 and found is not None and len(points) - points.index(found) > patience


def measured_steps(steps: int, evaluations: int, every: int | None) -> frozenset[int]:
    """The steps to measure after: every so many, or evenly spread; always the last one."""
    if every:
        return frozenset({*range(every, steps + 1, every), steps})
    return frozenset(-(-steps * (i + 1) // evaluations) for i in range(evaluations))


def smoothed(losses: Sequence[float], weight: float = 0.9) -> list[float]:
    """A running mean that forgets, without the bias of its beginning."""
    means, total, norm = [], 0.0, 0.0
    for loss in losses:
        total = weight * total + (1 - weight) * loss
        norm = weight * norm + (1 - weight)
        means.append(total / norm)
    return means
