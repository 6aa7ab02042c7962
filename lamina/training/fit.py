"""The optimizer's loop: the third step of the recipe, and the losses that it goes by.

Documents are packed, not padded, and every learnt token weighs the same. The loop can be stopped at
any moment: what a step depends on is weights, optimizer state, the curve so far and the best
weights so far. Dropout is drawn from the seed and a pack's place, whatever came before it.
At the end the weights are those of the best measurement, or the last ones, as the profile says.
"""

import math
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lamina.errors import InvalidInputError
from lamina.progress import Progress
from lamina.training.base import Model
from lamina.training.checkpoint import Checkpoint
from lamina.training.curve import (
    MEASURES,
    NOTHING,
    Curve,
    Losses,
    Measure,
    best,
    chosen_measure,
    is_spent,
    measured_steps,
)
from lamina.training.documents import Document
from lamina.training.loss import heldout_losses, pack_loss
from lamina.training.memory import blocks, is_full, recompute
from lamina.training.order import LayerOrder
from lamina.training.packing import rate_share
from lamina.training.profiles import Profile
from lamina.training.room import Room

if TYPE_CHECKING:
    import torch


@dataclass(slots=True)
class Run:
    """What changes from step to step."""

    model: Model
    optimizer: "torch.optim.Optimizer"
    weights: "list[torch.Tensor]"
    room: Room
    measure: Measure
    curve: Curve = field(default_factory=list)  # one entry a finished step
    best: "list[torch.Tensor] | None" = None  # weights after the best measurement so far

    def note(self, loss: float, held: Losses) -> None:
        """Add a finished step to the curve, and keep its weights if they are the best."""
        step = len(self.curve) + 1
        self.curve.append({"step": step, "train_loss": loss, **held})
        if held[self.measure] is not None and best(self.curve, self.measure) == (
            step,
            held[self.measure],
        ):
            self.best = [weight.detach().to("cpu", copy=True) for weight in self.weights]

    def take_best(self) -> None:
        """Put the best weights in place; without a measurement the last ones stay."""
        if self.best is not None:
            self._set(self.best)

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "weights": [weight.detach() for weight in self.weights],
            "optimizer": self.optimizer.state_dict(),
            "curve": self.curve,
            "best": self.best,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a state."""
        self._set(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.curve = list(state["curve"])
        self.best = state["best"]

    def _set(self, values: "Sequence[torch.Tensor]") -> None:
        import torch

        with torch.no_grad():
            for weight, value in zip(self.weights, values, strict=True):
                weight.copy_(value)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended; the weights are in the model."""

    curve: Curve
    measure: Measure  # what the best step is best at
    tokens: int  # after a resume not those of the parts before
    seconds: float


def fit(  # noqa: PLR0913, PLR0917 - one call, from the recipe
    model: Model,
    order: LayerOrder,
    train: Sequence[Document],
    heldout: Sequence[Document],
    progress: Progress,
    checkpoint: Checkpoint,
    room: Room = Room(),  # noqa: B008 - frozen
) -> Outcome:
    """Optimize the layer until its steps are done or what it is chosen by has stopped falling.

    `room` is what goes through the model at once, less where a GPU's memory does not hold it.

    Raises:
        InvalidInputError: the loss is no number any more.
        ResourceError: the disk is full; the last checkpoint is whole.

    """
    profile = order.profile
    steps = order.steps(train)
    measured = measured_steps(len(steps), profile.evaluations, profile.evaluate_steps)
    peak = order.rate()
    measure = _measure(profile, heldout)
    # The first passes over facts teach the form of answers, and look like a loss.
    since = len(steps) // 2 if measure == "choice_loss" else 0
    run = _begin(model, order, checkpoint, progress, room, measure)
    progress.start(f"train {order.layer}", len(steps))
    started_s, tokens = time.monotonic(), 0
    model.train()
    for number, step in enumerate(steps[len(run.curve) :], start=len(run.curve) + 1):
        if is_spent(run.curve, profile.patience, measure, since=since):
            progress.say(f"{order.layer}: {MEASURES[measure]} has stopped falling, ends early")
            break
        rate = peak * rate_share(number, len(steps), profile.warmup_share)
        packs = [[train[index] for index in pack] for pack in step]
        loss = _update(run, packs, rate, f"{order.seed}:{number}", progress)
        if not math.isfinite(loss):
            checkpoint.remove()  # it would only lead here again
            raise _diverged(order, loss, number)
        is_due = number in measured
        run.note(
            loss, heldout_losses(model, heldout, profile.sequence_tokens) if is_due else NOTHING
        )
        if checkpoint.is_due():
            checkpoint.write(run.state())
        tokens += sum(len(document.ids) for pack in packs for document in pack)
        speed = tokens / (time.monotonic() - started_s)
        progress.advance(number, f"loss {loss:.3f}, {speed:,.0f} tokens/s")
    if profile.keep == "best":
        run.take_best()
    return Outcome(run.curve, measure, tokens, time.monotonic() - started_s)


def _measure(profile: Profile, heldout: Sequence[Document]) -> Measure:
    """What the run's best step is best at."""
    facts = sum(bool(document.others) for document in heldout)
    answers = sum(document.is_qa for document in heldout) - facts
    texts = len(heldout) - answers - facts
    return chosen_measure(profile.choose_by, answers=answers, texts=texts, facts=facts)


def _diverged(order: LayerOrder, loss: float, step: int) -> InvalidInputError:
    return InvalidInputError(
        f"the training loss of layer {order.layer} became {loss} at step {step}; "
        f"lower the learning rate, now {order.rate():g}, and run again"
    )


def _begin(  # noqa: PLR0913, PLR0917 - what a run is made of
    model: Model,
    order: LayerOrder,
    checkpoint: Checkpoint,
    progress: Progress,
    room: Room,
    measure: Measure,
) -> Run:
    import torch

    recompute(model, room.recomputed)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    decay = order.profile.weight_decay
    optimizer = torch.optim.AdamW(weights, weight_decay=decay, fused=True)
    run = Run(model, optimizer, weights, room, measure)
    if state := checkpoint.read():
        run.restore(state)
        progress.say(f"{order.layer}: goes on after step {len(run.curve)}")
    return run


def _update(
    run: Run, packs: Sequence[Sequence[Document]], rate: float, drawn: str, progress: Progress
) -> float:
    """One optimizer step; every learnt token of it weighs the same, however it is packed.

    `drawn` is what its dropout is drawn from.
    """
    import torch

    while (loss := _accumulated(run, packs, drawn)) is None:
        run.optimizer.zero_grad(set_to_none=True)
        recompute(run.model, run.room.recomputed)
        torch.cuda.empty_cache()
        progress.say(f"the GPU's memory is full; goes on with {run.room.describe()}")
    torch.nn.utils.clip_grad_norm_(run.weights, 1.0)
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    return round(loss.item(), 6)  # read last: a GPU waits once a step


def _accumulated(
    run: Run, packs: Sequence[Sequence[Document]], drawn: str
) -> "torch.Tensor | None":
    """The step's loss, its gradients in place; None where it is to be tried again in less room.

    Returns before it is tried again: until then the error keeps the activations in the memory.

    Raises:
        RuntimeError: no room is small enough.

    """
    import torch

    learnt = sum(document.n_labels for pack in packs for document in pack)
    loss = torch.zeros((), device=run.weights[0].device)
    try:
        for place, documents in enumerate(run.room.passes(packs)):
            torch.manual_seed(random.Random(f"{drawn}:{place}").getrandbits(63))
            part = pack_loss(run.model, documents) / learnt
            part.backward()  # type: ignore[no-untyped-call]
            loss += part.detach()
    except RuntimeError as error:
        smaller = run.room.smaller(packs, len(blocks(run.model)))
        if smaller is None or not is_full(error):
            raise
        run.room = smaller
        return None
    return loss
