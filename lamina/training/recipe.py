"""Trains one layer: load -> attach -> fit -> save, in that reading order.

The base is loaded once a process (see `base`) and stays untouched: every layer is attached to it,
fitted, saved and detached. Heavy libraries are imported inside the functions, so that importing
this module costs nothing. What is trained on is decided by the dataset; how, by the profile.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.disk import check_disk
from lamina.errors import ResourceError
from lamina.fingerprint import canonical
from lamina.progress import Progress
from lamina.store import Stage, Store
from lamina.training.base import WIDE, Model, load, note_kernel, resolved
from lamina.training.checkpoint import Checkpoint
from lamina.training.curve import Losses
from lamina.training.facts import facts_of, notes_of
from lamina.training.fit import Outcome, fit
from lamina.training.loss import heldout_losses
from lamina.training.memory import is_full, prepare, recompute, room_on
from lamina.training.order import LayerOrder
from lamina.training.picture import loss_picture
from lamina.training.profiles import Profile

STAGE = Stage("train", 6)
# The loaded base and torch's random state belong to the whole process: two layers fitted at once
# by two threads would be attached to each other. Threads wait; processes do not. Whoever computes
# with torch beside a training takes it, too.
ALONE = threading.Lock()


def train_layer(  # noqa: PLR0913 - keyword-only past the order
    order: LayerOrder,
    *,
    store: Store,
    progress: Progress,
    threads: int | None = None,
    checkpoint_s: float = 60.0,
    price_per_hour: float = 0.0,
) -> ArtifactRef:
    """The layer as a PEFT folder (kind `adapter`), trained only if the store does not hold it.

    Facts: `passport`, `plan`, `profile`, `trained_as`, `chosen_by`, `losses`, `best_step`,
    `kept_step`; `curve.json` holds the losses in nats a token and names the one that the kept step
    was chosen by, `loss.svg` shows them. `threads` is the number of CPU threads;
    results are bit-identical for an equal number, also when the run was killed and goes on from
    its checkpoint, written every `checkpoint_s`.

    Raises:
        MismatchError: the base already contains layers.
        InvalidInputError: nothing to train on, the profile does not fit the base, or the loss
            became no number.
        ResourceError: the memory or the disk does not suffice.

    """
    order.check()
    notes: dict[str, Any] = {}
    checkpoint = _checkpoint(order, store, checkpoint_s)

    def make(folder: Path) -> dict[str, Any]:
        facts, told = _made(order, folder, store, progress, checkpoint, threads)
        notes.update(told)
        notes["cost"] = round(price_per_hour * told["fit_seconds"] / 3600, 6)
        return facts

    ref = store.once("adapter", STAGE, order.inputs(), make, run_notes=notes)
    checkpoint.remove()
    return ref


def _checkpoint(order: LayerOrder, store: Store, interval_s: float) -> Checkpoint:
    path = store.root / "checkpoints" / f"{STAGE.key(order.inputs())}.pt"
    return Checkpoint(path, interval_s)


def _made(  # noqa: PLR0913, PLR0917 - what a training needs
    order: LayerOrder,
    folder: Path,
    store: Store,
    progress: Progress,
    checkpoint: Checkpoint,
    threads: int | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts about the layer, and notes about this run; too little memory has an error of ours."""
    with ALONE:
        wake_torch(threads, int(order.config()["hidden_size"]))
        made = None
        try:
            made = _train(order, folder, store, progress, checkpoint)
        except (MemoryError, RuntimeError) as error:
            if not is_full(error):
                raise
    if made is None:
        # Raised only here: an error raised inside the handler refers to the first one, whose
        # traceback keeps the activations in the memory that the next layer needs.
        raise _too_little_memory(order)
    return made


def wake_torch(threads: int | None, hidden: int) -> None:
    """Load torch, with what must be set before, for a base of this hidden width.

    Threads that spin while they wait for each other crawl beside any other work. Asleep they cost a
    narrow base, whose products are short, more than half of its speed (docs/experiments.md), so
    that those spin. Who sets OMP_WAIT_POLICY or GOMP_SPINCOUNT is obeyed.
    """
    prepare()
    if hidden >= WIDE:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    if threads:
        torch.set_num_threads(threads)


def _too_little_memory(order: LayerOrder) -> ResourceError:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return ResourceError(
        f"the memory did not suffice to train layer {order.layer}; lower sequence_tokens, now "
        f"{order.profile.sequence_tokens}, or rank, or take the base in NF4 (quantize=nf4)"
    )


def _train(
    order: LayerOrder,
    folder: Path,
    store: Store,
    progress: Progress,
    checkpoint: Checkpoint,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts about the layer, and notes about this run."""
    train, heldout = order.documents(store, "train"), order.documents(store, "validation")
    decided = order.on(*resolved(order.profile, order.config()))
    plan = decided.plan(train)
    check_disk(f"training {order.layer}", store.root, plan.disk_bytes)
    progress.say(f"{order.layer}: {plan.describe()}")
    base = load(order)
    before = heldout_losses(base, heldout, order.profile.sequence_tokens)
    with attach(base, order.profile, order.seed) as model:
        room = room_on(model, decided)
        outcome = fit(model, order, train, heldout, progress, checkpoint, room)
        save(model, order, outcome, before, folder)
    return facts_of(order, plan, before, outcome, store), notes_of(outcome)


# -- attach -----------------------------------------------------------------------------------


@contextmanager
def attach(base: Model, profile: Profile, seed: int) -> Iterator[Model]:
    """A fresh layer on the base, taken off again at the end: the next layer sees a clean base."""
    import torch
    from peft import LoraConfig, get_peft_model

    from lamina.training.fused.blocks import fused

    torch.manual_seed(seed)  # initial weights are drawn from it
    config = LoraConfig(
        r=profile.rank,
        lora_alpha=profile.alpha,  # type: ignore[arg-type, unused-ignore]
        lora_dropout=profile.dropout,
        target_modules=sorted(profile.targets),
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(base, config)
    try:
        with fused(model, profile.sequence_tokens) as blocks:
            note_kernel("blocks", blocks)
            yield model
    finally:
        recompute(model, 0)
        model.unload()
        base.requires_grad_(False).eval()  # noqa: FBT003 - torch's own signature


# -- save -------------------------------------------------------------------------------------


def save(model: Model, order: LayerOrder, outcome: Outcome, before: Losses, folder: Path) -> None:
    """The PEFT folder: equal layers give equal bytes, and no path of this machine is in it."""
    model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_bytes())
    config["base_model_name_or_path"] = order.base.name
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    told = {"chosen_by": outcome.measure, "base": before, "steps": outcome.curve}
    (folder / "curve.json").write_text(canonical(told) + "\n", encoding="utf-8")
    picture = loss_picture(order.layer, outcome.curve, before, outcome.measure)
    (folder / "loss.svg").write_text(picture, encoding="utf-8")
