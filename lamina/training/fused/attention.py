"""Causal attention within each document of a pack, block by block.

    P = softmax(Q Kᵀ + causal mask)        O = P V

A block of queries meets only the keys before its end, so that about half of the products are left
out, and what is left out is no more than a block can hold. P is computed again for the gradients:

    dP = dO Vᵀ        dS = P ∘ (dP - rowsum(dP ∘ P))
    dV = Pᵀ dO        dQ = dS K        dK = dSᵀ Q

Heads that share keys are rows of one product. docs/experiments.md has what it gains on a CPU.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

ROWS = 192  # of a block: small enough to stay in the cache, large enough for a matrix product


class _Block(NamedTuple):
    """Queries `first` to `last` attend to the keys from `start` on, up to their own."""

    start: int
    first: int
    last: int

    def rows(self, groups: int) -> slice:
        """Its queries, where heads that share keys are neighbours."""
        return slice(self.first * groups, self.last * groups)


def attend(q: Tensor, k: Tensor, v: Tensor, lengths: Sequence[int]) -> Tensor:
    """Attention of scaled queries within documents of these lengths.

    q is (kv_heads, n, groups, width), contiguous and scaled; k and v are (kv_heads, n, width). The
    result is (n, kv_heads, groups, width).
    """
    found: Tensor = _Attend.apply(q, k, v, tuple(lengths))  # type: ignore[no-untyped-call]
    return found


class _Attend(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, lengths: tuple[int, ...]) -> Tensor:  # noqa: ANN401
        heads, n, groups, width = q.shape
        out = q.new_empty(n, heads, groups, width)
        rows, mask = q.reshape(heads, n * groups, width), _mask(q, groups)
        for block in _blocks(lengths, groups):
            found = _shares(rows, k, mask, block, groups).bmm(v[:, block.start : block.last])
            out[block.first : block.last] = found.view(heads, -1, groups, width).transpose(0, 1)
        ctx.save_for_backward(rows, k, v)
        ctx.lengths, ctx.groups = lengths, groups
        return out

    @staticmethod
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:  # noqa: ANN401
        rows, k, v = ctx.saved_tensors
        n, heads, groups, width = d_out.shape
        d_rows, dk, dv = torch.empty_like(rows), torch.zeros_like(k), torch.zeros_like(v)
        mask = _mask(rows, groups)
        for block in _blocks(ctx.lengths, groups):
            seen, own = slice(block.start, block.last), block.rows(groups)
            p = _shares(rows, k, mask, block, groups)
            d = d_out[block.first : block.last].transpose(0, 1).reshape(heads, -1, width)
            dv[:, seen].baddbmm_(p.transpose(1, 2), d)
            ds = torch._softmax_backward_data(  # noqa: SLF001 - the public one is autograd's
                d.bmm(v[:, seen].transpose(1, 2)), p, -1, p.dtype
            )
            d_rows[:, own] = ds.bmm(k[:, seen])
            dk[:, seen].baddbmm_(ds.transpose(1, 2), rows[:, own])
        return d_rows.view(heads, n, groups, width), dk, dv, None


def _shares(rows: Tensor, k: Tensor, mask: Tensor, block: _Block, groups: int) -> Tensor:
    """P of a block: (kv_heads, rows, keys)."""
    scores = rows[:, block.rows(groups)].bmm(k[:, block.start : block.last].transpose(1, 2))
    size = block.last - block.first
    scores[:, :, -size:] += mask[: size * groups, :size]
    return torch.softmax(scores, -1)


def _blocks(lengths: Sequence[int], groups: int) -> Iterator[_Block]:
    size, start = max(1, ROWS // groups), 0
    for length in lengths:
        end = start + length
        for first in range(start, end, size):
            yield _Block(start, first, min(first + size, end))
        start = end


def _mask(like: Tensor, groups: int) -> Tensor:
    """What hides later keys from a block's queries, those of one place being neighbours."""
    size = max(1, ROWS // groups)
    later = like.new_full((size, size), float("-inf")).triu_(1)
    return later.repeat_interleave(groups, 0)  # (rows, keys)
