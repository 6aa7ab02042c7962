"""Puts the fused forms into the blocks of a model that carries a layer, and takes them out again.

Only where they compute the same: plain architectures, LoRA without variants, no dropout of
attention, documents that fit the sliding window, and weights in float32 or bfloat16, on a GPU in
bfloat16 or NF4. Anything else keeps its own. No module or weight is added or replaced, so what is
saved, and where activations are computed again, stay as they are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import torch

from lamina.training.attention import PLAIN, kernel
from lamina.training.base import Model
from lamina.training.fused import cpu, gpu
from lamina.training.fused.cpu import Forward
from lamina.training.fused.linear import read


@contextmanager
def fused(model: Model, longest: int) -> Iterator[str]:
    """Meanwhile the blocks compute with ours, if they may: `lamina`, else `peft`.

    No document is longer than `longest` tokens.
    """
    inner = model.get_base_model()
    room = gpu if inner.device.type == "cuda" else cpu
    if not _applies(inner, longest, room):
        yield "peft"
        return
    forms = room.Forms(_dtype(inner))
    modules = _replaced(inner.model, forms)
    before = inner.model.register_forward_pre_hook(forms.refresh)
    try:
        for module, forward in modules:
            module.forward = forward
        yield "lamina"
    finally:
        before.remove()
        for module, _ in modules:
            module.__dict__.pop("forward", None)


def is_fused(inner: Model) -> bool:
    """Whether a model's blocks compute with ours."""
    return inner.config.model_type in PLAIN and "forward" in vars(inner.model.norm)


def _applies(inner: Model, longest: int, room: ModuleType) -> bool:
    config = inner.config
    window = getattr(config, "sliding_window", None)
    return (
        config.model_type in PLAIN
        and config.hidden_act == "silu"
        and not config.attention_dropout
        and (window is None or window >= longest)
        and (room is cpu or kernel() is not None)
        and _dtype(inner) in room.DTYPES
        and not any("forward" in vars(module) for module in inner.modules())  # others' hooks
        and all(
            read(module, _dtype(inner))
            for block in inner.model.layers
            for module in _linears(block)
        )
    )


def _dtype(inner: Model) -> torch.dtype:
    """What the base computes in; NF4 weights do not say it."""
    found: torch.dtype = inner.get_input_embeddings().weight.dtype
    return found


def _linears(block: Model) -> tuple[Model, ...]:
    own, mlp = block.self_attn, block.mlp
    feed_forward = (mlp.gate_proj, mlp.up_proj, mlp.down_proj)
    return (own.q_proj, own.k_proj, own.v_proj, own.o_proj, *feed_forward)


def _replaced(decoder: Model, forms: cpu.Forms | gpu.Forms) -> list[tuple[Model, Forward]]:
    """Modules, and what they compute with from now on."""
    found = [(decoder.norm, forms.norm(decoder.norm))]
    for block in decoder.layers:
        found.append((block.self_attn, forms.attention(block.self_attn)))
        found.append((block.mlp, forms.feed_forward(block.mlp)))
        norms = (block.input_layernorm, block.post_attention_layernorm)
        found += [(norm, forms.norm(norm)) for norm in norms]
    return found
