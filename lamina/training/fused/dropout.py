"""Dropout of what layers read: torch's own on a GPU, on a processor one that draws faster."""

import torch
from torch import Tensor

_LEVELS = 2**16


def dropped(x: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """The dropout's result, and its mask: true where a value is kept."""
    if x.is_cuda:
        return torch.native_dropout(x, share, True)  # noqa: FBT003 - torch's own signature
    mask = _drawn(x, share)
    return kept(x, mask, share), mask


def kept(x: Tensor, mask: Tensor | None, share: float) -> Tensor:
    """What dropout leaves of x, scaled so that the mean stays."""
    if mask is None:
        return x
    if x.is_cuda:
        found: Tensor = torch.ops.aten.native_dropout_backward(x, mask, 1 / (1 - share))
        return found
    return torch.mul(x, mask).mul_(1 / (1 - _levels(share) / _LEVELS))


def _drawn(x: Tensor, share: float) -> Tensor:
    """A mask out of 16 random bits a value of x, from torch's generator: four a draw of 64 bits.

    torch's own dropout draws once a value, which on a CPU costs as much as a matrix product. The
    share that is dropped is therefore a multiple of 2^-16, and what remains is scaled by that.
    """
    draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
    draws.random_(-(2**63), None)
    bits = draws.view(torch.int16)[: x.numel()].view(x.shape)
    return bits >= _levels(share) - _LEVELS // 2


def _levels(share: float) -> int:
    return round(share * _LEVELS)
