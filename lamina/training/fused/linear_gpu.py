"""Linear modules with their LoRA layers on a GPU: several that read the same input, in one pass.

    y = x Wᵀ + bias + s (m ∘ x) Aᵀ Bᵀ

W is frozen, in bfloat16 or NF4; m is the dropout's mask, drawn once for all that read x. With
e = s dy B, and E and A all modules' side by side:

    dB = s dyᵀ (m ∘ x) Aᵀ        dA = Eᵀ (m ∘ x)        dx = Σ dy W + m ∘ (E A)

As PEFT computes it under autocast: A and B stay float32 for the optimizer, and are rounded for the
products. What it leaves out is passes over the memory, which cost a GPU as much as the products do,
and operations, each of which keeps the processor longer than a small one keeps the GPU
(benchmarks/results/training_gpu.md).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from lamina.training.fused.linear import Linear


class Group:
    """Modules that read the same input; what the optimizer changes is rounded by `refresh`."""

    def __init__(self, linears: Sequence[Linear], dtype: torch.dtype) -> None:
        self.linears = tuple(linears)
        pairs = [(each.a, each.b) for each in linears]
        self.wide = [(a, b) for a, b in pairs if a is not None and b is not None]
        self.scale = max(each.scale for each in linears)
        self.ranks = [a.shape[0] for a, _ in self.wide]
        # A side by side (ranks, inputs), and each module's s B (outputs, rank)
        self.a = torch.cat([a.detach() for a, _ in self.wide]).to(dtype) if self.wide else None
        self.b = [torch.empty_like(b, dtype=dtype, requires_grad=False) for _, b in self.wide]
        self.narrow_a = () if self.a is None else torch.split(self.a, self.ranks)
        self.nothing = linears[0].weight.new_zeros(1, dtype=dtype)

    def through(self, x: Tensor, dropout: float) -> tuple[Tensor, ...]:
        """Each module's output for the same x (n, inputs)."""
        layers = [part for pair in self.wide for part in pair]
        found: tuple[Tensor, ...] = _Linears.apply(x, self, dropout, *layers)  # type: ignore[no-untyped-call]
        return found


def refresh(groups: Sequence[Group]) -> None:
    """Round A and s B of all groups anew, in a few operations for all of them."""
    layered = [group for group in groups if group.a is not None]
    narrow_a = [part for group in layered for part in group.narrow_a]
    narrow_b = [b for group in layered for b in group.b]
    scales = [group.scale for group in layered for _ in group.b]
    pairs = [pair for group in layered for pair in group.wide]
    if not layered:
        return
    with torch.no_grad():
        torch._foreach_copy_(narrow_a + narrow_b, [a for a, _ in pairs] + [b for _, b in pairs])
        torch._foreach_mul_(narrow_b, scales)


class _Linears(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's context
        x: Tensor,
        group: Group,
        dropout: float,
        *_layers: Tensor,  # what gradients are for
    ) -> tuple[Tensor, ...]:
        mask = inner = None
        parts: Sequence[Tensor] = ()
        if group.a is not None:
            read, mask = torch.native_dropout(x, dropout, True) if dropout else (x, None)  # noqa: FBT003
            inner = read.mm(group.a.t())  # (n, ranks)
            parts = torch.split(inner, group.ranks, 1)
        outputs, layered = [], zip(group.b, parts, strict=True)
        for each in group.linears:
            y = linear(x, each.whole(), each.bias)
            if each.a is not None:
                b, part = next(layered)
                y.addmm_(part, b.t())
            outputs.append(y)
        ctx.save_for_backward(x, mask, inner)
        ctx.group, ctx.keep = group, 1 - dropout
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *dys: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - as above
        (x, mask, inner), group = ctx.saved_tensors, ctx.group
        parts = () if inner is None else torch.split(inner, group.ranks, 1)
        dx, layered = None, zip(group.b, parts, strict=True)
        errors, d_bs = [], []
        for each, dy in zip(group.linears, dys, strict=True):
            if ctx.needs_input_grad[0]:
                weight = each.whole()
                dx = dy.mm(weight) if dx is None else dx.addmm_(dy, weight)
            if each.a is not None:
                b, part = next(layered)
                errors.append(dy.mm(b))  # (n, rank)
                d_bs.append(group.nothing.addmm(dy.t(), part, beta=0, alpha=group.scale))
        if not errors:
            return dx, None, None
        error = torch.cat(errors, 1) if len(errors) > 1 else errors[0]
        read = _kept(x, mask, ctx.keep)
        d_as = torch.split(error.t().mm(read), group.ranks)
        if dx is not None and mask is None:
            dx.addmm_(error, group.a)
        elif (
            dx is not None
        ):  # two fast passes: with the mask addcmul_ takes one of twice their time
            dx += _kept(error.mm(group.a), mask, ctx.keep)
        # in the dtype of the products; autograd widens them for float32 weights
        return dx, None, None, *(part for pair in zip(d_as, d_bs, strict=True) for part in pair)


def _kept(x: Tensor, mask: Tensor | None, keep: float) -> Tensor:
    """What dropout leaves of it."""
    if mask is None:
        return x
    found: Tensor = torch.ops.aten.native_dropout_backward(x, mask, 1 / keep)
    return found
