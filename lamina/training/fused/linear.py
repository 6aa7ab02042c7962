"""Linear modules with their LoRA layers: several that read the same input, in one pass.

    y = x Wᵀ + bias + s (m ∘ x) Aᵀ Bᵀ

W and bias are frozen, m is the dropout's mask. With e = s dy B, the gradient of A's output:

    dB = s dyᵀ (m ∘ x) Aᵀ        dA = eᵀ (m ∘ x)        dx = dy W + m ∘ (e A)

As PEFT computes it, but what several modules give back to their input is summed in place, and the
mask is drawn seven times faster (see `_drawn`).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lamina.training.base import Model

_LEVELS = 2**16


class Linear(NamedTuple):
    """One module: `weight` (outputs, inputs); its layer `a` (rank, inputs), `b` (outputs, rank).

    `scale` is the layer's strength, `dropout` the share of its input that is dropped; without a
    layer `a` and `b` are None. `nf4` is bitsandbytes' state of a weight that is packed.
    """

    weight: Tensor
    bias: Tensor | None
    a: Tensor | None = None
    b: Tensor | None = None
    scale: float = 0.0
    dropout: float = 0.0
    nf4: Any = None

    def whole(self) -> Tensor:
        """The weight itself."""
        if self.nf4 is None:
            return self.weight
        from bitsandbytes.functional import dequantize_4bit

        found: Tensor = dequantize_4bit(self.weight, self.nf4)
        return found


def read(module: Model, dtype: torch.dtype = torch.float32) -> Linear | None:
    """A module's weights; None where it is no Linear of this dtype with plain LoRA or none.

    NF4 counts as the dtype that it was made from, and is not for float32.
    """
    base: Model = getattr(module, "base_layer", module)
    nf4 = getattr(base.weight, "quant_state", None)
    if nf4 is None and type(base) is not torch.nn.Linear:
        return None
    if (base.weight if nf4 is None else nf4).dtype != dtype or (nf4 and dtype == torch.float32):
        return None
    if base is module:
        return Linear(base.weight, base.bias, nf4=nf4)
    active = module.active_adapters
    if len(active) != 1 or module.merged or module.disable_adapters or module.lora_variant:
        return None
    name = active[0]
    a, b, drop = (each[name] for each in (module.lora_A, module.lora_B, module.lora_dropout))
    if b.bias is not None or a.weight.dtype != torch.float32:
        return None
    dropout = drop.p if isinstance(drop, torch.nn.Dropout) and drop.training else 0.0
    return Linear(base.weight, base.bias, a.weight, b.weight, module.scaling[name], dropout, nf4)


def dropouts(module: Model) -> list[torch.nn.Dropout]:
    """Of the module's layers; one profile gives all of a model the same."""
    found = getattr(module, "lora_dropout", {}).values()
    return [drop for drop in found if isinstance(drop, torch.nn.Dropout)]


def apply(x: Tensor, linears: Sequence[Linear]) -> tuple[Tensor, ...]:
    """Each module's output for the same x (n, inputs)."""
    flat = [part for each in linears for part in each[:4]]
    numbers = tuple((each.scale, each.dropout) for each in linears)
    found: tuple[Tensor, ...] = _Linears.apply(x, numbers, *flat)  # type: ignore[no-untyped-call]
    return found


class _Linears(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's context
        x: Tensor,
        numbers: tuple[tuple[float, float], ...],
        *flat: Tensor | None,
    ) -> tuple[Tensor, ...]:
        outputs, kept = [], []
        for (weight, bias, a, b), (scale, dropout) in zip(_fours(flat), numbers, strict=True):
            assert weight is not None  # noqa: S101 - every module has one
            y = x.mm(weight.t()) if bias is None else torch.addmm(bias, x, weight.t())
            bits = inner = None
            if a is not None and b is not None:
                bits = _drawn(x) if dropout else None
                inner = _masked(x, bits, dropout).mm(a.t())  # (n, rank)
                y.addmm_(inner, b.t(), alpha=scale / _kept_share(dropout))
            outputs.append(y)
            kept += [weight, a, b, bits, inner]
        ctx.save_for_backward(x, *kept)
        ctx.numbers = numbers
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *dys: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - as above
        x, *kept = ctx.saved_tensors
        dx: Tensor | None = None
        grads: list[Tensor | None] = []
        for number, (dy, (scale, dropout)) in enumerate(zip(dys, ctx.numbers, strict=True)):
            weight, a, b, bits, inner = kept[5 * number : 5 * number + 5]
            if ctx.needs_input_grad[0]:
                dx = dy.mm(weight) if dx is None else dx.addmm_(dy, weight)
            if a is None:
                grads += [None, None, None, None]
                continue
            strength = scale / _kept_share(dropout)
            error = dy.mm(b).mul_(strength)  # (n, rank)
            grads += [None, None, error.t().mm(_masked(x, bits, dropout))]
            grads.append(dy.t().mm(inner).mul_(strength))
            if dx is not None:
                _add_masked(dx, error, a, bits, dropout)
        return dx, None, *grads


def _fours(flat: Sequence[Tensor | None]) -> list[Sequence[Tensor | None]]:
    return [flat[start : start + 4] for start in range(0, len(flat), 4)]


def _add_masked(dx: Tensor, error: Tensor, a: Tensor, bits: Tensor | None, dropout: float) -> None:
    """Add m ∘ (e A)."""
    if bits is None:
        dx.addmm_(error, a)
    else:
        dx.addcmul_(error.mm(a), _mask(bits, dropout))


# -- dropout --------------------------------------------------------------------------------------


def _drawn(x: Tensor) -> Tensor:
    """16 random bits a value of x, from torch's generator: four values a draw of 64 bits.

    torch's own dropout draws once a value, which on a CPU costs as much as a matrix product. The
    share that is dropped is therefore a multiple of 2^-16, and what remains is scaled by that.
    """
    draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
    draws.random_(-(2**63), None)
    return draws.view(torch.int16)[: x.numel()].view(x.shape)


def _dropped_levels(dropout: float) -> int:
    return round(dropout * _LEVELS)


def _kept_share(dropout: float) -> float:
    return 1 - _dropped_levels(dropout) / _LEVELS


def _mask(bits: Tensor, dropout: float) -> Tensor:
    """1.0 where a value is kept, else 0.0."""
    out = torch.empty(bits.shape, dtype=torch.float32, device=bits.device)
    return torch.ge(bits, _dropped_levels(dropout) - _LEVELS // 2, out=out)


def _masked(x: Tensor, bits: Tensor | None, dropout: float) -> Tensor:
    return x if bits is None else _mask(bits, dropout).mul_(x)
