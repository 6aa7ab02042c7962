"""Attention within each document of a pack: what isolates documents, at the cost of what they hold.

A block-diagonal mask gives the same numbers, but computes and discards what lies outside of the
blocks: the longer the pack, the more. Registered with transformers under names of ours: on a GPU
torch's kernel for documents of unequal length takes a pack at once; elsewhere each has its own.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

LOOP, VARLEN = "lamina_documents", "lamina_varlen"
# Architectures whose attention is softmax(QK/scale)V and nothing else.
PLAIN = frozenset({"llama", "mistral", "qwen2", "qwen3"})


def register(name: str) -> str:
    """Make ours known to transformers, and give the name back."""
    from transformers import AttentionInterface

    AttentionInterface.register(LOOP, _one_by_one)
    AttentionInterface.register(VARLEN, _at_once)
    return name


def told(lengths: Sequence[int], device: "torch.device") -> dict[str, Any]:
    """What attention must know of a pack, made once for all blocks; flash attention's names."""
    import torch

    found: dict[str, Any] = {"document_lengths": list(lengths)}
    if device.type == "cuda":
        ends = torch.tensor([0, *accumulate(lengths)], dtype=torch.int32, device=device)
        found |= {"cu_seq_lens_q": ends, "cu_seq_lens_k": ends}
        found |= {"max_length_q": max(lengths), "max_length_k": max(lengths)}
    return found


@lru_cache(maxsize=1)
def kernel() -> "Callable[..., torch.Tensor] | None":
    """Torch's kernel for a pack: (query, key, value, ends, ends, longest, longest, scale, window).

    None where this torch has none with a window; the newest want to be told that heads share keys.
    """
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    run: Any = varlen_attn  # another signature in every version
    known = inspect.signature(run).parameters
    if "window_size" not in known:
        return None
    extra = {"enable_gqa": True} if "enable_gqa" in known else {}

    def call(*tensors: Any, scale: float, window: int) -> "torch.Tensor":  # noqa: ANN401
        found: torch.Tensor = run(
            *tensors, scale=scale, window_size=(window - 1 if window else -1, 0), **extra
        )
        return found

    return call


def attend(  # noqa: PLR0913 - what it is made of
    query: "torch.Tensor",  # (n, heads, width)
    key: "torch.Tensor",  # (n, kv_heads, width)
    value: "torch.Tensor",
    *,
    ends: "torch.Tensor",  # (documents + 1), int32
    longest: int,
    scale: float,
    window: int | None = None,
) -> "torch.Tensor":  # (n, heads, width)
    """Of a whole pack, by the kernel."""
    run = kernel()
    assert run is not None  # noqa: S101 - whoever chose this attention has asked
    narrow = window if window is not None and window < longest else 0
    return run(query, key, value, ends, ends, longest, longest, scale=scale, window=narrow)


def _at_once(  # noqa: PLR0913 - transformers' signature
    module: Any,  # noqa: ANN401 - the attention block
    query: "torch.Tensor",  # (1, heads, n, width)
    key: "torch.Tensor",  # (1, kv_heads, n, width)
    value: "torch.Tensor",
    attention_mask: None,
    *,
    scaling: float,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    cu_seq_lens_q: "torch.Tensor | None" = None,
    max_length_q: int = 0,
    **rest: Any,  # noqa: ANN401 - for other implementations
) -> "tuple[torch.Tensor, None]":  # (1, n, heads, width)
    if dropout or cu_seq_lens_q is None:
        return _one_by_one(
            module, query, key, value, attention_mask,
            scaling=scaling, dropout=dropout, sliding_window=sliding_window, **rest,
        )  # fmt: skip
    parts = [part[0].transpose(0, 1) for part in (query, key, value)]
    found = attend(
        *parts, ends=cu_seq_lens_q, longest=max_length_q, scale=scaling, window=sliding_window
    )
    return found.unsqueeze(0), None


def _one_by_one(  # noqa: PLR0913 - transformers' signature
    module: Any,  # noqa: ANN401 - the attention block
    query: "torch.Tensor",  # (1, heads, n, width)
    key: "torch.Tensor",  # (1, kv_heads, n, width)
    value: "torch.Tensor",
    attention_mask: None,  # noqa: ARG001 - a name of our own gets none
    *,
    scaling: float,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    document_lengths: list[int] | None = None,
    **_rest: Any,  # noqa: ANN401 - for other implementations
) -> "tuple[torch.Tensor, None]":  # (1, n, heads, width)
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    lengths = document_lengths or [query.shape[2]]
    groups = module.num_key_value_groups
    if groups > 1:
        key, value = (part.repeat_interleave(groups, dim=1) for part in (key, value))
    split = [torch.split(part, lengths, dim=2) for part in (query, key, value)]
    parts = []
    for q, k, v in zip(*split, strict=True):
        band = _band(q, sliding_window)
        parts.append(
            scaled_dot_product_attention(
                q, k, v, attn_mask=band, dropout_p=dropout, is_causal=band is None, scale=scaling
            )
        )
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous(), None


def _band(query: "torch.Tensor", window: int | None) -> "torch.Tensor | None":
    """The mask of a sliding window, needed only where a document is longer than it."""
    import torch

    n = query.shape[2]
    if window is None or n <= window:
        return None
    places = torch.arange(n, device=query.device)
    distance = places[:, None] - places[None, :]
    return (distance >= 0) & (distance < window)
