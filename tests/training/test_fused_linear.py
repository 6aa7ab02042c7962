"""Linear modules with their layers by their formula; what needs a GPU is in test_gpu.py."""

import pytest
import torch

from lamina.training.fused import gpu
from lamina.training.fused.dropout import dropped, scale
from lamina.training.fused.linear import Group, Linear, refresh


def modules(targeted: tuple[bool, ...]) -> list[Linear]:
    """Modules of 40 inputs, some of them with a layer."""
    found = []
    for number, layered in enumerate(targeted):
        weight, bias = torch.randn(20 + number, 40), torch.randn(20 + number)
        a, b = torch.randn(3, 40), torch.randn(20 + number, 3)
        leaves = (a.requires_grad_(), b.requires_grad_()) if layered else (None, None)
        found.append(Linear(weight, bias, *leaves, 0.5))
    return found


def formula(x: torch.Tensor, linears: list[Linear], read: torch.Tensor) -> list[torch.Tensor]:
    found = []
    for each in linears:
        y = x @ each.weight.t() + each.bias
        if each.a is not None and each.b is not None:
            y = y + each.scale * (read @ each.a.t() @ each.b.t())
        found.append(y)
    return found


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("targeted", [(True, True, True), (True, False), (False,)])
def test_outputs_and_gradients_are_those_of_the_formula(
    targeted: tuple[bool, ...], dropout: float
) -> None:
    torch.manual_seed(1)
    linears, x = modules(targeted), torch.randn(50, 40, requires_grad=True)
    layers = [part for each in linears if each.a is not None for part in (each.a, each.b)]
    upstream = [torch.randn(50, 20 + number) for number in range(len(linears))]

    group = Group(linears, torch.float32)
    refresh([group])
    torch.manual_seed(2)
    ours = group.through(x, dropout if any(targeted) else 0.0)
    torch.manual_seed(2)
    read = scale(x, dropout) * dropped(x, dropout)[0] if dropout and any(targeted) else x
    expected = formula(x, linears, read)

    for actual, wanted in zip(ours, expected, strict=True):
        torch.testing.assert_close(actual, wanted)
    actual = torch.autograd.grad(ours, [x, *layers], upstream)
    wanted = torch.autograd.grad(expected, [x, *layers], upstream)
    for ours_, theirs in zip(actual, wanted, strict=True):
        torch.testing.assert_close(ours_, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_keeps_its_share_and_the_mean(dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    x = torch.ones(10_000, 50, dtype=dtype)

    seen, mask = dropped(x, 0.05)

    assert torch.equal(seen, mask)
    assert mask.unique().tolist() == [0.0, 1.0]
    assert (mask == 0).float().mean().item() == pytest.approx(0.05, abs=0.001)
    assert (mask == 0).float().mean(0).tolist() == pytest.approx([0.05] * 50, abs=0.01)
    assert scale(x, 0.05) * seen.float().mean().item() == pytest.approx(1, abs=0.001)


def test_what_the_optimizer_changes_is_taken_over() -> None:
    torch.manual_seed(1)
    linears, x = modules((True,)), torch.randn(5, 40)
    group = Group(linears, torch.float32)
    refresh([group])
    before = group.through(x, 0.0)[0]
    with torch.no_grad():
        linears[0].b.add_(1.0)

    refresh([group])

    (expected,) = formula(x, linears, x)
    torch.testing.assert_close(group.through(x, 0.0)[0], expected)
    assert not torch.allclose(before, expected)


def test_rotation_is_that_of_transformers() -> None:
    from transformers.models.mistral.modeling_mistral import apply_rotary_pos_emb

    torch.manual_seed(1)
    q, half = torch.randn(7, 4, 32), torch.randn(7, 16)
    cos, sin = (torch.cat((part, part), -1)[None] for part in (half.cos(), half.sin()))

    expected, _ = apply_rotary_pos_emb(q.transpose(0, 1)[None], q.transpose(0, 1)[None], cos, sin)

    for actual in gpu.rotate(q, q, cos, sin):
        torch.testing.assert_close(actual, expected[0].transpose(0, 1))
