"""Dropout of what layers read: torch's own on a GPU, on a processor one that draws faster.

What is kept is scaled at once on a GPU. On a processor that would be one more pass over the memory,
and is left to `scale`, by which something smaller is multiplied.
"""

import torch
from torch import Tensor

_LEVELS = 2**16


def dropped(x: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """What layers read of x, and the mask: 1 where a value is kept.

    On a processor the mask comes out of 16 random bits a value, four a draw of 64: torch's own
    draws once a value, which costs as much as a matrix product. The share is therefore a multiple
    of 2^-16. The mask is in the dtype of x: a product with bools takes seven times as long.
    """
    if x.is_cuda:
        return torch.native_dropout(x, share, True)  # noqa: FBT003 - torch's own signature
    draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64)
    draws.random_(-(2**63), None)
    bits = draws.view(torch.int16)[: x.numel()].view(x.shape)
    mask = torch.ge(bits, _levels(share) - _LEVELS // 2, out=torch.empty_like(x))
    return x * mask, mask


def kept(x: Tensor, mask: Tensor | None, share: float) -> Tensor:
    """The same of another x, with the same mask."""
    if mask is None:
        return x
    if x.is_cuda:
        found: Tensor = torch.ops.aten.native_dropout_backward(x, mask, 1 / (1 - share))
        return found
    return x * mask


def scale(x: Tensor, share: float) -> float:
    """By what is still to be multiplied, so that the mean stays."""
    return 1.0 if x.is_cuda else 1 / (1 - _levels(share) / _LEVELS)


def _levels(share: float) -> int:
    return round(share * _LEVELS)
