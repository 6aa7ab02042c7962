"""Each fused form alone: its values and its gradients are those of the formula."""

import pytest
import torch
from torch.nn.functional import cross_entropy, scaled_dot_product_attention, silu

from lamina.training.fused import attention, loss
from lamina.training.fused.pointwise import rms_norm, swiglu


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_attention_is_causal_within_documents_longer_and_shorter_than_a_block(groups: int) -> None:
    lengths = [1, 2 * attention.ROWS + 7, 30, attention.ROWS // groups]
    n = sum(lengths)
    torch.manual_seed(1)
    q, k, v = (torch.randn(2, n, each, 8) for each in (groups, 1, 1))
    leaves = [each.requires_grad_() for each in (q, k, v)]
    upstream = torch.randn(n, 2, groups, 8)

    ours = attention.attend(q, k[:, :, 0], v[:, :, 0], lengths)
    parts = zip(*(each.split(lengths, 1) for each in leaves), strict=True)
    theirs = torch.cat(
        [
            scaled_dot_product_attention(
                *(part.transpose(1, 2) for part in (one, two.expand_as(one), three.expand_as(one))),
                is_causal=True,
                scale=1.0,
            )
            for one, two, three in parts
        ],
        dim=2,
    ).permute(2, 0, 1, 3)

    torch.testing.assert_close(ours, theirs)
    pairs = (torch.autograd.grad(each, leaves, upstream) for each in (ours, theirs))
    for one, other in zip(*pairs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_a_loss_made_in_chunks_is_the_cross_entropy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "CHUNK_BYTES", 4 * 11 * 3)
    torch.manual_seed(1)
    hidden, weight = torch.randn(8, 6, requires_grad=True), 30 * torch.randn(11, 6)
    targets = torch.randint(11, (8,))

    ours, theirs = (
        loss.summed_loss(hidden, weight, targets),
        cross_entropy(hidden @ weight.T, targets, reduction="sum"),
    )

    torch.testing.assert_close(ours, theirs)
    grads = [torch.autograd.grad(2 * each, hidden)[0] for each in (ours, theirs)]
    torch.testing.assert_close(*grads)


def test_norm_and_feed_forward_have_the_gradients_of_their_formulas() -> None:
    torch.manual_seed(1)
    x, gate, weight = (torch.randn(*shape, dtype=torch.float64) for shape in ((7, 6), (7, 6), (6,)))
    x.requires_grad_()
    gate.requires_grad_()

    assert torch.autograd.gradcheck(lambda each: rms_norm(each, weight, 1e-5), x)
    assert torch.autograd.gradcheck(swiglu, (gate, x))
    torch.testing.assert_close(swiglu(gate, x), silu(gate) * x)
