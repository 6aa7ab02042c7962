"""The fused forms give what transformers and PEFT give: every loss, and every gradient."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import layer_orders
import pytest
import torch
from test_best_step import pack
from transformers import AutoConfig, AutoModelForCausalLM

from lamina.progress import Silent
from lamina.store import Store
from lamina.training.attention import LOOP, register
from lamina.training.documents import Document
from lamina.training.fused.blocks import fused
from lamina.training.loss import pack_loss
from lamina.training.memory import recompute
from lamina.training.profiles import ALL_LINEAR, ATTENTION, Profile
from lamina.training.recipe import attach, train_layer

EXACT = layer_orders.QUICK.model_copy(update={"dropout": 0.0})
PLAIN_SHAPES: dict[str, dict[str, object]] = {
    "mistral": {"sliding_window": None},
    "llama": {"attention_bias": True, "mlp_bias": True},
    "qwen2": {},
    "qwen3": {"head_dim": 32},
}


def decoder(kind: str, **changed: object) -> torch.nn.Module:
    """A base of another architecture, with random weights and biases."""
    shape = {
        "vocab_size": 384, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.2,
    }  # fmt: skip
    torch.manual_seed(5)
    config = AutoConfig.for_model(kind, **(shape | PLAIN_SHAPES.get(kind, {}) | changed))
    model = AutoModelForCausalLM.from_config(config, attn_implementation=register(LOOP))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name or name.endswith("bias"):
                weight.add_(torch.rand_like(weight))
    return model.requires_grad_(False).eval()  # noqa: FBT003 - torch's own signature


@contextmanager
def layered(model: torch.nn.Module, profile: Profile) -> Iterator[torch.nn.Module]:
    """With a layer whose B is not zero, so that every gradient is of some size."""
    with attach(model, profile, 1) as layer:
        with torch.no_grad():
            for name, weight in layer.named_parameters():
                if "lora_B" in name:
                    weight.normal_(std=0.1)
        layer.train()
        yield layer


def replaced(model: torch.nn.Module) -> list[torch.nn.Module]:
    """The modules that do not compute with their class's own forward."""
    return [module for module in model.modules() if "forward" in vars(module)]


def taken_out(model: torch.nn.Module) -> None:
    """Give them their own back."""
    assert len(replaced(model)) == 1 + 4 * 2  # the last norm; attention, MLP, two norms a block
    for module in replaced(model):
        del module.forward


def equal(actual: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        near = 1e-4 * value.abs().max().item()
        torch.testing.assert_close(actual[name], value, rtol=1e-4, atol=near, msg=name)


def gradients(layer: torch.nn.Module) -> dict[str, torch.Tensor]:
    layer.zero_grad()
    torch.manual_seed(9)
    pack_loss(layer, pack()).backward()
    return {name: w.grad.clone() for name, w in layer.named_parameters() if w.requires_grad}


@pytest.mark.parametrize("targets", [ATTENTION, ALL_LINEAR, ("q_proj", "down_proj")])
@pytest.mark.parametrize("kind", PLAIN_SHAPES)
def test_every_gradient_is_that_of_peft(kind: str, targets: tuple[str, ...]) -> None:
    profile = EXACT.model_copy(update={"targets": targets})
    with layered(decoder(kind), profile) as layer:
        ours = gradients(layer)
        taken_out(layer)
        theirs = gradients(layer)

    equal(ours, theirs)


def test_checkpointing_gives_the_same_gradients_under_dropout() -> None:
    profile = layer_orders.QUICK.model_copy(update={"dropout": 0.3})
    with layered(decoder("llama"), profile) as layer:
        kept = gradients(layer)
        recompute(layer, 1)
        recomputed = gradients(layer)

    equal(recomputed, kept)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("gemma", {}),
        ("llama", {"hidden_act": "gelu"}),
        ("llama", {"attention_dropout": 0.1}),
        ("mistral", {"sliding_window": 4}),
    ],
)
def test_what_computes_something_else_keeps_its_own(kind: str, changed: dict[str, object]) -> None:
    with layered(decoder(kind, **changed), EXACT) as layer:
        assert replaced(layer) == []


def test_weights_that_are_neither_float32_nor_bfloat16_keep_pefts_own() -> None:
    with layered(decoder("llama").to(torch.float16), EXACT) as layer:
        assert replaced(layer) == []


@pytest.mark.parametrize("kind", PLAIN_SHAPES)
def test_in_bfloat16_gradients_are_nearer_to_float32_than_those_of_peft(kind: str) -> None:
    with layered(decoder(kind), EXACT) as layer:
        exact = gradients(layer)
    with layered(decoder(kind).to(torch.bfloat16), EXACT) as layer:
        ours = gradients(layer)
        taken_out(layer)
        theirs = gradients(layer)

    assert distance(ours, exact) < distance(theirs, exact) < 0.1


def distance(gradients: dict[str, torch.Tensor], exact: dict[str, torch.Tensor]) -> float:
    """Of all gradients together, relative."""
    apart = sum((gradients[name] - each).square().sum().item() for name, each in exact.items())
    return float((apart / sum(each.square().sum().item() for each in exact.values())) ** 0.5)


def test_a_dora_layer_keeps_pefts_own() -> None:
    from peft import LoraConfig, get_peft_model

    model = get_peft_model(decoder("llama"), LoraConfig(use_dora=True, target_modules=["q_proj"]))

    with fused(model, 128) as blocks:
        assert blocks == "peft"


def test_the_base_computes_with_its_own_again_afterwards() -> None:
    model = decoder("llama")

    with layered(model, EXACT):
        assert replaced(model)

    assert replaced(model) == []


@pytest.mark.parametrize(("quantize", "blocks"), [("none", "lamina"), ("nf4", "peft")])
def test_the_manifest_says_what_computed_the_blocks(
    store: Store, base: Path, quantize: str, blocks: str
) -> None:
    chosen = {"quantize": quantize, "dtype": "auto", "steps": 2}
    profile = layer_orders.QUICK.model_copy(update=chosen)
    order = layer_orders.order(store, base, profile=profile)

    ref = train_layer(order, store=store, progress=Silent(), threads=1)

    assert store.manifest(ref).run["kernels"]["blocks"] == blocks


def test_a_document_alone_has_the_loss_it_has_in_a_pack() -> None:
    documents = [*pack(), Document(tuple(range(4, 300)), 1)]
    with layered(decoder("mistral"), EXACT) as layer:
        assert replaced(layer)
        apart = sum(pack_loss(layer, [each]).item() for each in documents)

        assert pack_loss(layer, documents).item() == pytest.approx(apart, rel=1e-5)
