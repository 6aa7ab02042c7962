"""What a layer's manifest tells of it and of the run that made it."""

from importlib.metadata import version
from typing import Any

from lamina.store import Store
from lamina.training.base import device_name, kernels, resolved
from lamina.training.curve import Losses, best
from lamina.training.fit import Outcome
from lamina.training.order import LayerOrder
from lamina.training.plan import Plan


def facts_of(
    order: LayerOrder, plan: Plan, before: Losses, outcome: Outcome, store: Store
) -> dict[str, Any]:
    """What the layer is; equal orders give equal facts."""
    quantize, dtype = resolved(order.profile, order.config())
    last = len(outcome.curve)
    found = best(outcome.curve, outcome.measure)
    kept = found[0] if found and order.profile.keep == "best" else last
    entry = outcome.curve[kept - 1]
    passport = order.passport(store, before["heldout_loss"], entry["heldout_loss"])
    return {
        "passport": passport.model_dump(mode="json"),
        "plan": plan.model_dump(
            mode="json",
            exclude={"profile", "memory_bytes", "disk_bytes", "flops"},
        ),
        "profile": order.profile.model_dump(mode="json"),
        "trained_as": {"quantize": quantize, "dtype": dtype, "seed": order.seed},
        "taught": _taught(order, store),
        **{
            name: ref["digest"] if ref else None
            for name, ref in order.mix.wanted(order.profile).model_dump(mode="json").items()
        },
        "chosen_by": outcome.measure,
        "losses": {name: {"base": before[name], "layer": entry[name]} for name in before},
        "best_step": found[0] if found else None,
        "kept_step": kept,
        "last_step": last,
    }


def _taught(order: LayerOrder, store: Store) -> dict[str, Any] | None:
    """Study rows by kind, and what was left out by reason; None where none were asked for."""
    study = order.mix.wanted(order.profile).study
    if study is None:
        return None
    facts = store.manifest(study).facts
    return {name: facts.get(name, {}) for name in ("kinds", "dropped")}


def notes_of(outcome: Outcome) -> dict[str, Any]:
    """How this run went; after a resume the seconds and tokens are those of its last part."""
    import resource

    import torch

    return {
        "fit_seconds": round(outcome.seconds, 3),
        "fit_tokens": outcome.tokens,
        "tokens_per_s": round(outcome.tokens / max(outcome.seconds, 1e-9), 1),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "peak_gpu_bytes": torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0,
        "device": device_name(),
        "threads": torch.get_num_threads(),
        "kernels": kernels(),
        "versions": {name: version(name) for name in ("torch", "transformers", "peft")},
    }
