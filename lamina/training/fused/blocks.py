"""Puts the fused forms into the blocks of a model that carries a layer, and takes them out again.

Only where they compute the same: plain architectures, float32 weights that are plain tensors, LoRA
without variants, no dropout of attention, and documents that fit the sliding window. Anything else
(NF4, bfloat16, Liger's blocks) keeps its own. No module or weight is added or replaced, so what is
saved, and where gradient checkpointing cuts, stay as they are.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from lamina.training.attention import PLAIN
from lamina.training.base import Model
from lamina.training.fused import linear
from lamina.training.fused.attention import attend
from lamina.training.fused.pointwise import rms_norm, rotate, swiglu

Forward = Callable[..., Any]


@contextmanager
def fused(model: Model, longest: int) -> Iterator[str]:
    """Meanwhile the blocks compute with ours, if they may: `lamina`, else `peft`.

    No document is longer than `longest` tokens.
    """
    inner = model.get_base_model()
    if not _applies(inner, longest):
        yield "peft"
        return
    modules = _replaced(inner.model)
    try:
        for module, forward in modules:
            module.forward = forward
        yield "lamina"
    finally:
        for module, _ in modules:
            module.__dict__.pop("forward", None)


def _applies(inner: Model, longest: int) -> bool:
    config = inner.config
    window = getattr(config, "sliding_window", None)
    return (
        config.model_type in PLAIN
        and config.hidden_act == "silu"
        and not config.attention_dropout
        and (window is None or window >= longest)
        and not any("forward" in vars(module) for module in inner.modules())  # Liger, hooks
        and all(linear.read(module) for block in inner.model.layers for module in _linears(block))
    )


def _linears(block: Model) -> tuple[Model, ...]:
    own, mlp = block.self_attn, block.mlp
    feed_forward = (mlp.gate_proj, mlp.up_proj, mlp.down_proj)
    return (own.q_proj, own.k_proj, own.v_proj, own.o_proj, *feed_forward)


def _replaced(decoder: Model) -> list[tuple[Model, Forward]]:
    """Modules, and what they compute with from now on."""
    found = [(decoder.norm, _norm(decoder.norm))]
    for block in decoder.layers:
        found.append((block.self_attn, _attention(block.self_attn)))
        found.append((block.mlp, _feed_forward(block.mlp)))
        norms = (block.input_layernorm, block.post_attention_layernorm)
        found += [(norm, _norm(norm)) for norm in norms]
    return found


def _through(x: Tensor, *modules: Model) -> tuple[Tensor, ...]:
    """Each module's output for the same x (n, inputs)."""
    found = [linear.read(module) for module in modules]
    return linear.apply(x, [each for each in found if each is not None])


def _attention(module: Model) -> Forward:
    """q, k and v in one pass; turned; attended to document by document; brought together."""

    def forward(
        hidden_states: Tensor,  # (1, n, hidden)
        position_embeddings: tuple[Tensor, Tensor],
        document_lengths: list[int] | None = None,
        **_rest: object,
    ) -> tuple[Tensor, None]:
        n, width = hidden_states.shape[1], module.head_dim
        flat = _through(hidden_states[0], module.q_proj, module.k_proj, module.v_proj)
        q, k, v = (each.view(n, -1, width) for each in flat)
        if hasattr(module, "q_norm"):
            q, k = (_norm(norm)(x) for norm, x in ((module.q_norm, q), (module.k_norm, k)))
        cos, sin = (each[0, :, : width // 2] for each in position_embeddings)
        scale = module.scaling
        q = rotate(q.view(n, k.shape[1], -1, width), cos * scale, sin * scale)
        k = rotate(k.unsqueeze(2), cos, sin).squeeze(2)
        q, k, v = (each.transpose(0, 1) for each in (q, k, v))
        found = attend(q, k, v, document_lengths or [n])
        (out,) = _through(found.view(n, -1), module.o_proj)
        return out.unsqueeze(0), None

    return forward


def _feed_forward(module: Model) -> Forward:
    def forward(x: Tensor) -> Tensor:
        gate, up = _through(x[0], module.gate_proj, module.up_proj)
        (out,) = _through(swiglu(gate, up), module.down_proj)
        return out.unsqueeze(0)

    return forward


def _norm(module: Model) -> Forward:
    return lambda x: rms_norm(x, module.weight, module.variance_epsilon)
