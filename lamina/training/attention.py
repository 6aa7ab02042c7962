"""Attention within each document of a pack: what isolates documents, at the cost of what they hold.

A block-diagonal mask gives the same numbers, but computes and discards what lies outside of the
blocks: the longer the pack, the more. Registered with transformers under a name of ours.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NAME = "lamina_documents"
# Architectures whose attention is softmax(QK/scale)V and nothing else.
PLAIN = frozenset({"llama", "mistral", "qwen2", "qwen3"})


def register() -> str:
    """Make it known to transformers, and give its name."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _within_documents)
    return NAME


def _within_documents(  # noqa: PLR0913 - transformers' signature
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
