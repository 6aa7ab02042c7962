"""Linear modules with their LoRA layers: several that read the same input, in one pass.

    y = x Wᵀ + bias + s (m ∘ x) Aᵀ Bᵀ

W is frozen, in the dtype of x or NF4; m is the dropout's mask, drawn once for all that read x. With
e = s dy B, and E and A all modules' side by side:

    dB = s dyᵀ (m ∘ x) Aᵀ        dA = Eᵀ (m ∘ x)        dx = Σ dy W + m ∘ (E A)

As PEFT computes it under autocast: A and B stay float32 for the optimizer, and are rounded for the
products. What it leaves out is passes over the memory, which cost as much as the products do, and
operations, each of which keeps a processor longer than a small one keeps a GPU
(benchmarks/results/training.md, training_gpu.md).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from lamina.training.base import Model
from lamina.training.fused.dropout import dropped, kept, scale

Through = Callable[[Tensor], tuple[Tensor, ...]]


class Linear(NamedTuple):
    """One module: `weight` (outputs, inputs); its layer `a` (rank, inputs), `b` (outputs, rank).

    `scale` is the layer's strength; without a layer `a` and `b` are None. `nf4` is bitsandbytes'
    state of a weight that is packed.
    """

    weight: Tensor
    bias: Tensor | None
    a: Tensor | None = None
    b: Tensor | None = None
    scale: float = 0.0
    nf4: Any = None

    def whole(self) -> Tensor:
        """The weight itself."""
        if self.nf4 is None:
            return self.weight
        from bitsandbytes.functional import dequantize_4bit

        found: Tensor = dequantize_4bit(self.weight, self.nf4)
        return found


def read(module: Model, dtype: torch.dtype) -> Linear | None:
    """A module's weights; None where it is no Linear of this dtype with plain LoRA or none.

    NF4 counts as the dtype that it was made from, and is for GPUs only.
    """
    base: Model = getattr(module, "base_layer", module)
    nf4 = getattr(base.weight, "quant_state", None)
    if nf4 is None and type(base) is not torch.nn.Linear:
        return None
    if (base.weight if nf4 is None else nf4).dtype != dtype or (nf4 and not base.weight.is_cuda):
        return None
    if base is module:
        return Linear(base.weight, base.bias, nf4=nf4)
    active = module.active_adapters
    if len(active) != 1 or module.merged or module.disable_adapters or module.lora_variant:
        return None
    name = active[0]
    a, b = module.lora_A[name], module.lora_B[name]
    if b.bias is not None or a.weight.dtype != torch.float32:
        return None
    return Linear(base.weight, base.bias, a.weight, b.weight, module.scaling[name], nf4)


class Linears:
    """Those of one model; what the optimizer changes is rounded before each forward pass."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._groups: list[Group] = []

    def refresh(self, *_: object) -> None:
        """Take over what the optimizer has changed."""
        refresh(self._groups)

    def through(self, *modules: Model) -> Through:
        """Gives each module's output for the same x (n, inputs)."""
        found = [each for each in (read(one, self._dtype) for one in modules) if each is not None]
        group = Group(found, self._dtype)
        self._groups.append(group)
        drops = [drop for module in modules for drop in _dropouts(module)]
        return lambda x: group.through(x, drops[0].p if drops and drops[0].training else 0.0)


def _dropouts(module: Model) -> list[torch.nn.Dropout]:
    """Of the module's layers; one profile gives all of a model the same."""
    found = getattr(module, "lora_dropout", {}).values()
    return [drop for drop in found if isinstance(drop, torch.nn.Dropout)]


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
            seen, mask = dropped(x, dropout) if dropout else (x, None)
            inner = seen.mm(group.a.t())  # (n, ranks)
            if (rest := scale(x, dropout)) != 1:
                inner.mul_(rest)
            parts = torch.split(inner, group.ranks, 1)
        outputs, layered = [], zip(group.b, parts, strict=True)
        for each in group.linears:
            y = linear(x, each.whole(), each.bias)
            if each.a is not None:
                b, part = next(layered)
                y.addmm_(part, b.t())
            outputs.append(y)
        ctx.save_for_backward(x, mask, inner)
        ctx.group, ctx.dropout = group, dropout
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
        if (rest := scale(x, ctx.dropout)) != 1:
            error = error.mul_(rest)
        d_as = torch.split(error.t().mm(kept(x, mask, ctx.dropout)), group.ranks)
        if dx is not None and mask is None:
            dx.addmm_(error, group.a)
        elif (
            dx is not None
        ):  # two fast passes: with the mask addcmul_ takes one of twice their time
            dx += kept(error.mm(group.a), mask, ctx.dropout)
        # in the dtype of the products; autograd widens them for float32 weights
        return dx, None, None, *(part for pair in zip(d_as, d_bs, strict=True) for part in pair)
