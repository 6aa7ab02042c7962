"""In which dtype a base computes, and what stays in float32 whatever it is."""

import os
from pathlib import Path

import layer_orders
import pytest
import torch
from safetensors.torch import load_file

from lamina.artifacts import ArtifactRef
from lamina.progress import Silent
from lamina.store import Store
from lamina.training.base import resolved
from lamina.training.fused.loss import summed_loss
from lamina.training.recipe import train_layer, wake_torch

NARROW = layer_orders.QUICK.model_copy(update={"dtype": "bfloat16"})
AUTO = layer_orders.QUICK.model_copy(update={"dtype": "auto"})


@pytest.mark.parametrize(
    ("can", "width", "dtype"),
    [
        ({"avx512_bf16": True}, 576, "bfloat16"),
        ({"amx_bf16": True}, 4096, "bfloat16"),
        ({"avx512_bf16": True}, 256, "float32"),
        ({"avx512_f": True, "avx512_bf16": False}, 576, "float32"),
        ({"architecture": "aarch64"}, 576, "float32"),
    ],
)
def test_auto_is_what_the_processor_trains_faster_in(
    monkeypatch: pytest.MonkeyPatch, can: dict[str, object], width: int, dtype: str
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: can)

    assert resolved(AUTO, {"hidden_size": width}) == ("none", dtype)


@pytest.fixture(scope="module")
def narrow(shared: Store, base: Path) -> ArtifactRef:
    """A layer trained on a base in bfloat16."""
    order = layer_orders.order(shared, base, profile=NARROW)
    return train_layer(order, store=shared, progress=Silent(), threads=1)


def test_the_layer_says_in_which_dtype_it_was_trained(shared: Store, narrow: ArtifactRef) -> None:
    assert shared.manifest(narrow).facts["trained_as"]["dtype"] == "bfloat16"


def test_it_learns_as_in_float32(shared: Store, narrow: ArtifactRef, leases: ArtifactRef) -> None:
    losses = [
        shared.manifest(ref).facts["passport"][name]
        for ref in (narrow, leases)
        for name in ("heldout_loss_base", "heldout_loss")
    ]

    before, after, exact_before, exact_after = losses
    assert before == pytest.approx(exact_before, rel=2e-3)
    assert after == pytest.approx(exact_after, rel=2e-2)


def test_its_weights_are_float32(shared: Store, narrow: ArtifactRef) -> None:
    weights = load_file(shared.open(narrow) / "adapter_model.safetensors")

    assert {weight.dtype for weight in weights.values()} == {torch.float32}
    assert any(not torch.equal(one, one.bfloat16().float()) for one in weights.values())


def test_equal_orders_give_equal_layers(store: Store, base: Path, narrow: ArtifactRef) -> None:
    order = layer_orders.order(store, base, profile=NARROW)

    assert train_layer(order, store=store, progress=Silent(), threads=1) == narrow


def test_a_sum_of_losses_is_not_rounded_to_bfloat16() -> None:
    torch.manual_seed(1)
    hidden, weight = torch.randn(2_000, 8).bfloat16(), torch.randn(11, 8).bfloat16()
    targets = torch.randint(11, (2_000,))

    total = summed_loss(hidden, weight, targets)

    logits = (hidden @ weight.t()).double()
    exact = torch.nn.functional.cross_entropy(logits, targets, reduction="sum").item()
    assert total.dtype == torch.float32
    assert total.item() == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize(
    ("hidden", "said", "policy"),
    [(576, None, "PASSIVE"), (576, "ACTIVE", "ACTIVE"), (256, None, None)],
)
def test_threads_of_a_wide_base_wait_asleep_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, hidden: int, said: str | None, policy: str | None
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", said or "")  # put back afterwards
    if said is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")

    wake_torch(None, hidden)

    assert os.environ.get("OMP_WAIT_POLICY") == policy
