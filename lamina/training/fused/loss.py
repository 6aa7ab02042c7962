"""Summed cross entropy of a frozen head, without ever holding all logits.

    logits = h Wᵀ        loss = - Σ log softmax(logits)[target]        dh = (P - onehot) W

Each chunk's gradient is known as soon as its logits are, so they are made once and thrown away.
"""

from typing import Any

import torch
from torch import Tensor

CHUNK_BYTES = 32 << 20  # of logits in float32
GPU_CHUNK_BYTES = 256 << 20  # the same on a GPU, which small products leave idle


def summed_loss(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """In nats: hidden is (n, width), weight (vocabulary, width), targets (n)."""
    found: Tensor = _SummedLoss.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return found


class _SummedLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:  # noqa: ANN401
        room = GPU_CHUNK_BYTES if hidden.is_cuda else CHUNK_BYTES
        rows = max(1, room // (4 * weight.shape[0]))
        grads, total = [], torch.zeros((), device=hidden.device)
        parts = (torch.split(each, rows) for each in (hidden, targets.unsqueeze(1)))
        for h, column in zip(*parts, strict=True):
            said = torch.log_softmax(h.mm(weight.t()), -1, dtype=torch.float32)
            total -= said.gather(1, column).sum()
            if ctx.needs_input_grad[0]:
                p = said.exp_()
                p.scatter_add_(1, column, p.new_full((1, 1), -1.0).expand_as(column))
                grads.append(p.to(weight.dtype).mm(weight))
        if grads:
            ctx.save_for_backward(torch.cat(grads))
        return total

    @staticmethod
    def backward(ctx: Any, d_total: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        (grad,) = ctx.saved_tensors
        return grad * d_total, None, None
