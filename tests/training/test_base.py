"""The base of the process: loaded once, never written to, and never cut off from gradients."""

import hashlib
from pathlib import Path

import layer_orders
import pytest
import torch
import transformers

from lamina.progress import Silent
from lamina.store import Store
from lamina.training.base import load, release
from lamina.training.loss import heldout_loss, pack_loss
from lamina.training.recipe import attach, train_layer

NF4 = layer_orders.QUICK.model_copy(update={"quantize": "nf4", "dtype": "auto"})


def digest(model: torch.nn.Module) -> str:
    """Of every weight and buffer."""
    found = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        found.update(name.encode())
        found.update(value.detach().contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


def loads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that models are read from, from now on."""
    release()
    read: list[Path] = []
    original = transformers.AutoModelForCausalLM.from_pretrained

    def noted(folder: Path, **options: object) -> object:
        read.append(folder)
        return original(folder, **options)

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", noted)
    return read


def train(store: Store, base: Path, layer: str, profile: object = layer_orders.QUICK) -> None:
    order = layer_orders.order(store, base, layer, profile=profile)
    train_layer(order, store=store, progress=Silent(), threads=1)


def test_it_is_read_once_for_all_layers(
    store: Store, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = loads(monkeypatch)

    for layer in ("leases", "goodwill"):
        train(store, base, layer)

    assert read == [base]


def test_another_quantization_takes_its_place(
    store: Store, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = loads(monkeypatch)

    train(store, base, "leases")
    train(store, base, "leases", NF4.model_copy(update={"steps": 1}))

    assert read == [base, base]


@pytest.mark.parametrize("profile", [layer_orders.QUICK, NF4], ids=["float32", "nf4"])
def test_training_leaves_no_trace_on_it(store: Store, base: Path, profile: object) -> None:
    order = layer_orders.order(store, base, profile=profile)
    model = load(order)
    before, names = digest(model), [name for name, _ in model.named_modules()]

    train(store, base, "leases", profile)

    assert load(order) is model
    assert digest(model) == before
    assert [name for name, _ in model.named_modules()] == names
    assert not any(weight.requires_grad for weight in model.parameters())


def test_gradients_pass_through_an_nf4_base_to_its_first_block(store: Store, base: Path) -> None:
    """Also after a measurement, when bitsandbytes would repack the weights on some CPUs."""

    def gradient(quantize: str) -> torch.Tensor:
        dtype = "float32" if quantize == "none" else "auto"
        profile = layer_orders.QUICK.model_copy(update={"quantize": quantize, "dtype": dtype})
        order = layer_orders.order(store, base, profile=profile)
        documents = order.documents(store, "train")
        model = load(order)
        heldout_loss(model, documents, 128)
        with attach(model, profile, 1) as layer:
            layer.train()
            pack_loss(layer, documents).backward()
            found = dict(layer.named_parameters())
            return (
                found["base_model.model.model.layers.0.self_attn.v_proj.lora_B.default.weight"]
                .grad.float()
                .flatten()
            )

    exact, quantized = gradient("none"), gradient("nf4")

    assert torch.cosine_similarity(exact, quantized, dim=0) > 0.6
    assert quantized.norm() == pytest.approx(exact.norm().item(), rel=0.5)
