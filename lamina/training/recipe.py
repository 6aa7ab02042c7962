"""Trains one layer: load -> attach -> fit -> save, in that reading order.

The base is loaded once a process and stays untouched: every layer is attached to it, fitted,
saved and detached. Heavy libraries are imported inside the functions, so that importing this
module costs nothing. What is trained on is decided by the dataset; how, by the profile.
"""

import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lamina.artifacts import ArtifactRef
from lamina.fingerprint import canonical
from lamina.progress import Progress
from lamina.store import Stage, Store
from lamina.training.documents import Document, labels
from lamina.training.order import LayerOrder
from lamina.training.packing import Step, in_turn, rate_share
from lamina.training.plan import Plan, Profile

if TYPE_CHECKING:
    import torch

STAGE = Stage("train", 1)
Model: TypeAlias = Any  # transformers and peft ship no types
Curve: TypeAlias = list[dict[str, float | int | None]]


def train_layer(
    order: LayerOrder, *, store: Store, progress: Progress, threads: int | None = None
) -> ArtifactRef:
    """The layer as a PEFT folder (kind `adapter`), trained only if the store does not hold it.

    Facts: `passport`, `plan`, `profile`, `trained_as`; `curve.json` holds the losses in nats a
    token. `threads` is the number of CPU threads; results are bit-identical for an equal number.

    Raises:
        MismatchError: the base already contains layers.
        InvalidInputError: nothing to train on, or the profile does not fit the base.

    """
    order.check()
    notes: dict[str, Any] = {}

    def make(folder: Path) -> dict[str, Any]:
        return _train(order, folder, store, progress, threads, notes)

    return store.once("adapter", STAGE, order.inputs(), make, run_notes=notes)


def _train(  # noqa: PLR0913, PLR0917 - one call, from train_layer
    order: LayerOrder,
    folder: Path,
    store: Store,
    progress: Progress,
    threads: int | None,
    notes: dict[str, Any],
) -> dict[str, Any]:
    import torch

    if threads:
        torch.set_num_threads(threads)
    dataset = store.open(order.dataset)
    train, heldout = order.documents(dataset, "train"), order.documents(dataset, "heldout")
    plan = order.plan(train)
    progress.say(f"{order.layer}: {plan.describe()}")
    base = load(order)
    before = heldout_loss(base, heldout, order.profile.sequence_tokens)
    with attach(base, order.profile, order.seed) as model:
        started_s = time.monotonic()
        curve = fit(model, order, train, heldout, progress)
        seconds = time.monotonic() - started_s
        save(model, order, curve, folder)
    notes |= {
        "fit_seconds": round(seconds, 3),
        "tokens_per_second": round(plan.tokens / seconds, 1),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }
    return _facts(order, plan, before, curve, store)


def _facts(
    order: LayerOrder, plan: Plan, before: float | None, curve: Curve, store: Store
) -> dict[str, Any]:
    quantize, dtype = _resolved(order.profile)
    passport = order.passport(store, before, curve[-1]["heldout_loss"])
    return {
        "passport": passport.model_dump(mode="json"),
        "plan": plan.model_dump(mode="json", exclude={"profile", "memory_bytes"}),
        "profile": order.profile.model_dump(mode="json"),
        "trained_as": {"quantize": quantize, "dtype": dtype, "seed": order.seed},
    }


# -- load -------------------------------------------------------------------------------------


def load(order: LayerOrder) -> Model:
    """The base in evaluation mode, without gradients; kept for the next layer on it."""
    quantize, dtype = _resolved(order.profile)
    return _load(order.base_folder, order.base.digest, quantize, dtype)


@lru_cache(maxsize=1)
def _load(folder: Path, digest: str | None, quantize: str, dtype: str) -> Model:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig
    from transformers.utils import logging

    del digest  # only part of the key: another content under the same path is another base
    logging.disable_progress_bar()
    chosen: dict[str, Any] = {"dtype": getattr(torch, dtype), "attn_implementation": "sdpa"}
    if quantize == "nf4":
        chosen["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    if torch.cuda.is_available():
        chosen["device_map"] = {"": 0}
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, **chosen)
    return model.requires_grad_(False).eval()  # noqa: FBT003 - torch's own signature


def _resolved(profile: Profile) -> tuple[str, str]:
    """Quantization and dtype with `auto` decided by the machine."""
    import torch

    cuda = torch.cuda.is_available()
    quantize = ("nf4" if cuda else "none") if profile.quantize == "auto" else profile.quantize
    low = cuda or quantize == "nf4"  # NF4 computes in bfloat16
    dtype = ("bfloat16" if low else "float32") if profile.dtype == "auto" else profile.dtype
    return quantize, dtype


# -- attach -----------------------------------------------------------------------------------


@contextmanager
def attach(base: Model, profile: Profile, seed: int) -> Iterator[Model]:
    """A fresh layer on the base, taken off again at the end: the next layer sees a clean base."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)  # initial weights and dropout are drawn from it
    config = LoraConfig(
        r=profile.rank,
        lora_alpha=profile.alpha,  # type: ignore[arg-type, unused-ignore]
        lora_dropout=profile.dropout,
        target_modules=sorted(profile.targets),
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(base, config)
    try:
        yield model
    finally:
        model.unload()
        base.requires_grad_(False).eval()  # noqa: FBT003 - torch's own signature


# -- fit --------------------------------------------------------------------------------------


def fit(
    model: Model,
    order: LayerOrder,
    train: Sequence[Document],
    heldout: Sequence[Document],
    progress: Progress,
) -> Curve:
    """Optimize the layer; the curve has one entry a step, held-out loss where it was measured."""
    import torch

    profile = order.profile
    steps = order.steps(train)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        weights, lr=profile.learning_rate, weight_decay=profile.weight_decay, fused=True
    )
    measured = {
        math.ceil(len(steps) * (i + 1) / profile.evaluations) for i in range(profile.evaluations)
    }
    curve: Curve = []
    progress.start(f"train {order.layer}", len(steps))
    started_s, tokens = time.monotonic(), 0
    model.train()
    for number, step in enumerate(steps, start=1):
        for group in optimizer.param_groups:
            group["lr"] = profile.learning_rate * rate_share(
                number, len(steps), profile.warmup_share
            )
        loss = _update(model, optimizer, weights, train, step)
        held = heldout_loss(model, heldout, profile.sequence_tokens) if number in measured else None
        curve.append({"step": number, "train_loss": loss, "heldout_loss": held})
        tokens += sum(len(train[index].ids) for pack in step for index in pack)
        rate = tokens / (time.monotonic() - started_s)
        progress.advance(number, f"loss {loss:.3f}, {rate:,.0f} tokens/s")
    return curve


def _update(
    model: Model,
    optimizer: "torch.optim.Optimizer",
    weights: "list[torch.Tensor]",
    train: Sequence[Document],
    step: Step,
) -> float:
    """One optimizer step; every learnt token of it weighs the same, however it is packed."""
    import torch

    learnt = sum(train[index].n_labels for pack in step for index in pack)
    total = 0.0
    for pack in step:
        loss = pack_loss(model, [train[index] for index in pack]) / learnt
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
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


# -- save -------------------------------------------------------------------------------------


def save(model: Model, order: LayerOrder, curve: Curve, folder: Path) -> None:
    """The PEFT folder: equal layers give equal bytes, and no path of this machine is in it."""
    model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_bytes())
    config["base_model_name_or_path"] = order.base.name
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "curve.json").write_text(canonical(curve) + "\n", encoding="utf-8")
