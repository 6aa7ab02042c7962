"""Trains one layer: load -> attach -> fit -> save, in that reading order.

The base is loaded once a process and stays untouched: every layer is attached to it, fitted,
saved and detached. Heavy libraries are imported inside the functions, so that importing this
module costs nothing. What is trained on is decided by the dataset; how, by the profile.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.fingerprint import canonical
from lamina.progress import Progress
from lamina.store import Stage, Store
from lamina.training.checkpoint import Checkpoint
from lamina.training.fit import Curve, Model, fit, heldout_loss
from lamina.training.order import LayerOrder
from lamina.training.plan import Dtype, Plan, Profile, Quantize

STAGE = Stage("train", 1)
# The loaded base and torch's random state belong to the whole process: two layers fitted at once
# by two threads would be attached to each other. Threads wait; processes do not.
_ONE_AT_A_TIME = threading.Lock()


def train_layer(
    order: LayerOrder,
    *,
    store: Store,
    progress: Progress,
    threads: int | None = None,
    checkpoint_s: float = 60.0,
) -> ArtifactRef:
    """The layer as a PEFT folder (kind `adapter`), trained only if the store does not hold it.

    Facts: `passport`, `plan`, `profile`, `trained_as`; `curve.json` holds the losses in nats a
    token. `threads` is the number of CPU threads; results are bit-identical for an equal number,
    also when the run was killed and goes on from its checkpoint, written every `checkpoint_s`.

    Raises:
        MismatchError: the base already contains layers.
        InvalidInputError: nothing to train on, or the profile does not fit the base.

    """
    order.check()
    notes: dict[str, Any] = {}
    path = store.root / "checkpoints" / f"{STAGE.key(order.inputs())}.pt"
    checkpoint = Checkpoint(path, checkpoint_s)

    def make(folder: Path) -> dict[str, Any]:
        with _ONE_AT_A_TIME:
            _wake_torch(threads)
            facts, told = _train(order, folder, store, progress, checkpoint)
        notes.update(told)
        return facts

    ref = store.once("adapter", STAGE, order.inputs(), make, run_notes=notes)
    checkpoint.remove()
    return ref


def _wake_torch(threads: int | None) -> None:
    """Load torch; its threads spin while they wait for each other, as OpenMP's default has it.

    Right for cores that training has for itself: docs/experiments.md has the figures, and what to
    set where it shares them.
    """
    import torch

    if threads:
        torch.set_num_threads(threads)


def _train(
    order: LayerOrder, folder: Path, store: Store, progress: Progress, checkpoint: Checkpoint
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts about the layer, and notes about this run."""
    dataset = store.open(order.dataset)
    train, heldout = order.documents(dataset, "train"), order.documents(dataset, "heldout")
    plan = order.on(*resolved(order.profile)).plan(train)
    progress.say(f"{order.layer}: {plan.describe()}")
    base = load(order)
    before = heldout_loss(base, heldout, order.profile.sequence_tokens)
    with attach(base, order.profile, order.seed) as model:
        _spare_memory(model, plan)
        started_s = time.monotonic()
        curve = fit(model, order, train, heldout, progress, checkpoint)
        seconds = time.monotonic() - started_s
        save(model, order, curve, folder)
    return _facts(order, plan, before, curve, store), _notes(plan, seconds)


def _notes(plan: Plan, fit_seconds: float) -> dict[str, Any]:
    """How this run went; after a resume the seconds are those of its last part."""
    import resource

    import torch

    return {
        "fit_seconds": round(fit_seconds, 3),
        "fit_tokens": plan.tokens,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "peak_gpu_bytes": torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0,
        "threads": torch.get_num_threads(),
        "versions": {name: version(name) for name in ("torch", "transformers", "peft")},
    }


def _facts(
    order: LayerOrder, plan: Plan, before: float | None, curve: Curve, store: Store
) -> dict[str, Any]:
    quantize, dtype = resolved(order.profile)
    passport = order.passport(store, before, curve[-1]["heldout_loss"])
    return {
        "passport": passport.model_dump(mode="json"),
        "plan": plan.model_dump(
            mode="json", exclude={"profile", "memory_bytes", "activation_bytes"}
        ),
        "profile": order.profile.model_dump(mode="json"),
        "trained_as": {"quantize": quantize, "dtype": dtype, "seed": order.seed},
    }


# -- load -------------------------------------------------------------------------------------


def load(order: LayerOrder) -> Model:
    """The base in evaluation mode, without gradients; kept for the next layer on it."""
    quantize, dtype = resolved(order.profile)
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


def resolved(profile: Profile) -> tuple[Quantize, Dtype]:
    """Quantization and dtype with `auto` decided by the machine."""
    import torch

    cuda = torch.cuda.is_available()
    quantize: Quantize = profile.quantize
    if quantize == "auto":
        quantize = "nf4" if cuda else "none"
    low = cuda or quantize == "nf4"  # NF4 computes in bfloat16
    dtype: Dtype = profile.dtype
    if dtype == "auto":
        dtype = "bfloat16" if low else "float32"
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


def _spare_memory(model: Model, plan: Plan) -> None:
    """Recompute activations instead of keeping them, only where they would not fit the GPU."""
    import torch

    if torch.cuda.is_available() and plan.activation_bytes > 0.8 * torch.cuda.mem_get_info()[0]:
        model.gradient_checkpointing_enable({"use_reentrant": False})


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
