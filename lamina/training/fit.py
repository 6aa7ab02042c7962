"""The optimizer's loop: the third step of the recipe, and the losses that it goes by.

Documents are packed, not padded, and every learnt token weighs the same. The loop can be stopped at
any moment: what a step depends on is weights, optimizer state, random state and step number.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from lamina.progress import Progress
from lamina.training.checkpoint import Checkpoint
from lamina.training.documents import Document, labels
from lamina.training.order import LayerOrder
from lamina.training.packing import Step, in_turn, rate_share

if TYPE_CHECKING:
    import torch

Model: TypeAlias = Any  # transformers and peft ship no types
Curve: TypeAlias = list[dict[str, float | int | None]]


@dataclass(slots=True)
class Run:
    """What changes from step to step."""

    model: Model
    optimizer: "torch.optim.Optimizer"
    weights: "list[torch.Tensor]"
    curve: Curve = field(default_factory=list)  # one entry a finished step

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        import torch

        cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
        return {
            "weights": [weight.detach() for weight in self.weights],
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "random_cuda": cuda,
            "curve": self.curve,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a state."""
        import torch

        with torch.no_grad():
            for weight, saved in zip(self.weights, state["weights"], strict=True):
                weight.copy_(saved)
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        if torch.cuda.is_available() and state["random_cuda"] is not None:
            torch.cuda.set_rng_state(state["random_cuda"])
        self.curve = list(state["curve"])


def fit(  # noqa: PLR0913, PLR0917 - one call, from the recipe
    model: Model,
    order: LayerOrder,
    train: Sequence[Document],
    heldout: Sequence[Document],
    progress: Progress,
    checkpoint: Checkpoint,
) -> Curve:
    """Optimize the layer; the curve has one entry a step, held-out loss where it was measured."""
    profile = order.profile
    steps = order.steps(train)
    measured = {
        math.ceil(len(steps) * (i + 1) / profile.evaluations) for i in range(profile.evaluations)
    }
    run = _begin(model, order, checkpoint, progress)
    progress.start(f"train {order.layer}", len(steps))
    started_s, tokens, done = time.monotonic(), 0, len(run.curve)
    model.train()
    for number, step in enumerate(steps[done:], start=done + 1):
        rate = profile.learning_rate * rate_share(number, len(steps), profile.warmup_share)
        loss = _update(run, train, step, rate)
        at_end = number in measured
        held = heldout_loss(model, heldout, profile.sequence_tokens) if at_end else None
        run.curve.append({"step": number, "train_loss": loss, "heldout_loss": held})
        if checkpoint.is_due():
            checkpoint.write(run.state())
        tokens += sum(len(train[index].ids) for pack in step for index in pack)
        speed = tokens / (time.monotonic() - started_s)
        progress.advance(number, f"loss {loss:.3f}, {speed:,.0f} tokens/s")
    return run.curve


def _begin(model: Model, order: LayerOrder, checkpoint: Checkpoint, progress: Progress) -> Run:
    import torch

    weights = [weight for weight in model.parameters() if weight.requires_grad]
    decay = order.profile.weight_decay
    run = Run(model, torch.optim.AdamW(weights, weight_decay=decay, fused=True), weights)
    if state := checkpoint.read():
        run.restore(state)
        progress.say(f"{order.layer}: goes on after step {len(run.curve)}")
    return run


def _update(run: Run, train: Sequence[Document], step: Step, rate: float) -> float:
    """One optimizer step; every learnt token of it weighs the same, however it is packed."""
    import torch

    learnt = sum(train[index].n_labels for pack in step for index in pack)
    total = 0.0
    for pack in step:
        loss = pack_loss(run.model, [train[index] for index in pack]) / learnt
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    torch.nn.utils.clip_grad_norm_(run.weights, 1.0)
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    return round(total, 6)


def pack_loss(model: Model, documents: Sequence[Document]) -> "torch.Tensor":
    """Summed loss in nats over the learnt tokens of documents that do not see each other.

    With position ids that restart, no attention mask and no cache, transformers builds a
    block-diagonal mask. Logits are computed only where a token is learnt.
    """
    import torch

    ids = [token for document in documents for token in document.ids]
    positions = [place for document in documents for place in range(len(document.ids))]
    sources, targets = labels(documents)
    device = model.device
    logits = model(
        input_ids=torch.tensor([ids], device=device),
        position_ids=torch.tensor([positions], device=device),
        logits_to_keep=torch.tensor(sources, device=device),
        use_cache=False,
    ).logits[0]  # (n_labels, vocabulary)
    return torch.nn.functional.cross_entropy(
        logits.float(), torch.tensor(targets, device=device), reduction="sum"
    )


def heldout_loss(model: Model, documents: Sequence[Document], limit: int) -> float | None:
    """Mean loss in nats a learnt token, without dropout; None where there is nothing held out."""
    import torch

    if not documents:
        return None
    training = model.training
    model.eval()
    packs = in_turn([len(document.ids) for document in documents], limit)
    with torch.no_grad():
        losses = [pack_loss(model, [documents[i] for i in pack]).item() for pack in packs]
    model.train(training)
    return round(sum(losses) / sum(document.n_labels for document in documents), 6)
