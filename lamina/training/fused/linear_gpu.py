"""Linear modules with their LoRA layers on a GPU: several that read the same input, in one pass.

    y = x Wᵀ + bias + s (m ∘ x) Aᵀ Bᵀ

W is frozen, in bfloat16 or NF4; m is the dropout's mask, drawn once for all that read x. With
e = s dy B, and E and A all modules' side by side:

    dB = s dyᵀ (m ∘ x) Aᵀ        dA = Eᵀ (m ∘ x)        dx = Σ dy W + m ∘ (E A)

As PEFT computes it under autocast: A and B stay float32 for the optimizer, and are rounded for the
products. What it leaves out is most passes over the memory, which cost a GPU as much as the
products do (benchmarks/results/training_gpu.md).
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lamina.training.fused.linear import Linear


def apply(x: Tensor, linears: Sequence[Linear]) -> tuple[Tensor, ...]:
    """Each module's output for the same x (n, inputs)."""
    layers = [part for each in linears if each.a is not None for part in (each.a, each.b)]
    found: tuple[Tensor, ...] = _Linears.apply(x, tuple(linears), *layers)  # type: ignore[no-untyped-call]
    return found


class _Linears(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's context
        x: Tensor,
        linears: tuple[Linear, ...],
        *layers: Tensor,
    ) -> tuple[Tensor, ...]:
        keep = 1 - max(each.dropout for each in linears)
        read, mask = torch.native_dropout(x, 1 - keep, True) if keep < 1 else (x, None)  # noqa: FBT003
        inner = read.mm(_side_by_side(layers, x).t()) if layers else None  # (n, ranks)
        outputs, start = [], 0
        for each in linears:
            weight = each.whole().t()
            y = x.mm(weight) if each.bias is None else torch.addmm(each.bias, x, weight)
            if each.a is not None and each.b is not None and inner is not None:
                end = start + each.a.shape[0]
                y.addmm_(inner[:, start:end], each.b.to(x.dtype).t(), alpha=each.scale)
                start = end
            outputs.append(y)
        ctx.save_for_backward(x, mask, inner, *layers)
        ctx.linears, ctx.keep = linears, keep
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *dys: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - as above
        x, mask, inner, *layers = ctx.saved_tensors
        dx, start = None, 0
        errors, d_bs = [], []
        for each, dy in zip(ctx.linears, dys, strict=True):
            if ctx.needs_input_grad[0]:
                weight = each.whole()
                dx = dy.mm(weight) if dx is None else dx.addmm_(dy, weight)
            if each.a is not None:
                end = start + each.a.shape[0]
                errors.append(dy.mm(each.b.to(dy.dtype)).mul_(each.scale))  # (n, rank)
                d_bs.append(dy.t().mm(inner[:, start:end]).mul_(each.scale))
                start = end
        if not errors:
            return dx, None
        error = torch.cat(errors, 1)
        d_as = error.t().mm(_kept(x, mask, ctx.keep)).split([part.shape[1] for part in errors])
        if dx is not None:
            dx += _kept(error.mm(_side_by_side(layers, x)), mask, ctx.keep)
        pairs = zip(d_as, d_bs, strict=True)
        grads = [part.float() for pair in pairs for part in pair]
        return dx, None, *grads


def _side_by_side(layers: Sequence[Tensor], like: Tensor) -> Tensor:
    """All modules' A (ranks, inputs); `layers` holds A and B in turn."""
    return torch.cat([a.to(like.dtype) for a in layers[::2]])


def _kept(x: Tensor, mask: Tensor | None, keep: float) -> Tensor:
    """What dropout left of it."""
    if mask is None:
        return x
    found: Tensor = torch.ops.aten.native_dropout_backward(x, mask, 1 / keep)
    return found
