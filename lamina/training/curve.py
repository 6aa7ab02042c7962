"""The losses of a run, and what follows from them: the best step, and when to stop. Pure."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

# Of all held-out rows, of the answers among them, of the running text among them; of the choice
# among answers to taught facts, in wordings that were held out.
Measure: TypeAlias = Literal["heldout_loss", "answer_loss", "text_loss", "choice_loss"]
MEASURES: dict[Measure, str] = {
    "heldout_loss": "held-out loss",
    "answer_loss": "loss on held-out answers",
    "text_loss": "loss on held-out text",
    "choice_loss": "loss of choosing among answers to taught facts",
}
Losses: TypeAlias = dict[str, float | None]  # a measure's name to nats a token
NOTHING: Losses = dict.fromkeys(MEASURES)

# One entry a step: `step`, `train_loss`, and the measures where they were taken, else None.
Curve: TypeAlias = list[dict[str, float | int | None]]

# Questions that a choice among steps can rest on: as many as an exam decides on.
ENOUGH_ANSWERS = 20
ENOUGH_FACTS = 10  # each is a choice among several answers, in which style cancels out


def chosen_measure(choose_by: str, *, answers: int, texts: int, facts: int = 0) -> Measure:
    """What the best step is best at, by how many of each kind are held out."""
    if choose_by == "rows":
        return "heldout_loss"
    if facts >= ENOUGH_FACTS:
        return "choice_loss"
    if answers >= ENOUGH_ANSWERS:
        return "answer_loss"
    return "text_loss" if texts else "heldout_loss"


def measured(curve: Curve, by: Measure = "heldout_loss") -> list[tuple[int, float]]:
    """Steps after which that was measured, with the loss in nats a token."""
    return [(int(entry["step"] or 0), loss) for entry in curve if (loss := entry[by]) is not None]


def best(curve: Curve, by: Measure = "heldout_loss") -> tuple[int, float] | None:
    """The step with the lowest loss, the first of equals; None if none was measured."""
    return min(measured(curve, by), key=lambda point: point[1], default=None)


def is_spent(curve: Curve, patience: int, by: Measure = "heldout_loss", *, since: int = 0) -> bool:
    """Whether the last `patience` measurements brought nothing better; 0 = never.

    Measurements until the step `since` do not count against it.
    """
    found = best(curve, by)
    if not patience or found is None:
        return False
    return sum(step > max(found[0], since) for step, _ in measured(curve, by)) >= patience


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
