"""What is computed value by value, or row by row, in few passes over the memory."""

from typing import Any

import torch
from torch import Tensor


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Rows x r ∘ weight with r = 1 / sqrt(mean(x²) + epsilon) of each row; weight is frozen."""
    found: Tensor = _RmsNorm.apply(x, weight, epsilon)  # type: ignore[no-untyped-call]
    return found


class _RmsNorm(torch.autograd.Function):
    """dx = r (g - x r² mean(g ∘ x)), where g = weight ∘ dy."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:  # noqa: ANN401
        wide = _wide(x)
        length = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        r = length.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
        ctx.save_for_backward(x, weight, r)
        return torch.mul(wide, r).mul_(weight).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, None, None]:  # noqa: ANN401
        x, weight, r = ctx.saved_tensors
        if not ctx.needs_input_grad[0]:
            return None, None, None
        wide, g = _wide(x), torch.mul(_wide(dy), weight)
        mean = torch.linalg.vecdot(g, wide).unsqueeze(-1).div_(x.shape[-1])
        g.addcmul_(wide, mean.mul_(r).mul_(r), value=-1).mul_(r)
        return g.to(x.dtype), None, None


def _wide(x: Tensor) -> Tensor:
    """At least float32, in which a row's length is computed."""
    return x.float() if x.dtype == torch.bfloat16 else x


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """The product gate s ∘ up with s = sigmoid(gate)."""
    found: Tensor = _SwiGlu.apply(gate, up)  # type: ignore[no-untyped-call]
    return found


class _SwiGlu(torch.autograd.Function):
    """d gate = dy ∘ up ∘ (s + a (1 - s)) and d up = dy ∘ a, where a = gate s."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(gate, up)
        return torch.nn.functional.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        gate, up = ctx.saved_tensors
        d_up = torch.nn.functional.silu(gate).mul_(dy)
        return torch.ops.aten.silu_backward(dy * up, gate), d_up


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions: (x₁ cos - x₂ sin, x₂ cos + x₁ sin) of each head's two halves.

    x is (n, kv_heads, groups, width), cos and sin are (n, width / 2). The result has the same
    shape, and lies in memory head by head: (kv_heads, n, groups, width).
    """
    found: Tensor = _Rotate.apply(x, cos[:, None, None], sin[:, None, None])  # type: ignore[no-untyped-call]
    return found


class _Rotate(torch.autograd.Function):
    """The gradient turns back: the same with -sin."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(cos, sin)
        n, heads, groups, width = x.shape
        return _turned(x, cos, sin, x.new_empty(heads, n, groups, width).transpose(0, 1))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        cos, sin = ctx.saved_tensors
        return _turned(dy, cos, -sin, dy.new_empty(dy.shape)), None, None


def _turned(x: Tensor, cos: Tensor, sin: Tensor, out: Tensor) -> Tensor:
    (x1, x2), (y1, y2) = x.chunk(2, -1), out.chunk(2, -1)
    torch.mul(x1, cos, out=y1).addcmul_(x2, sin, value=-1)
    torch.mul(x2, cos, out=y2).addcmul_(x1, sin)
    return out
