"""The embedded base through the whole chain: what is promised of it, not of a miniature."""

import dataclasses
from pathlib import Path

import both_engines
import layer_orders
import pytest
from both_engines import LLAMA_CPP_DIR, asked

from lamina.conversion.convert import convert_to_gguf
from lamina.conversion.export import export_layers
from lamina.gguf import read_header
from lamina.passport import identify_gguf, identify_hf
from lamina.progress import Silent
from lamina.store import Store
from lamina.training.recipe import train_layer
from lamina.workspace import EMBEDDED_BASE

pytestmark = pytest.mark.skipif(
    not (EMBEDDED_BASE / "model.safetensors").is_file(),
    reason="the tiny base is not there: run scripts/make_tiny_base.py",
)
CHAT = ("What is the limit for small leases?", "The limit is 4,000 euros a year.")


def gguf(store: Store, ftype: str) -> Path:
    ref = convert_to_gguf(
        EMBEDDED_BASE, identify_hf(EMBEDDED_BASE), store=store, progress=Silent(),
        llama_cpp_dir=LLAMA_CPP_DIR, ftype=ftype,
    )  # fmt: skip
    return store.path(ref) / "model.gguf"


def test_the_tiny_base_is_recognised_in_q4_k_m_that_somebody_else_made(store: Store) -> None:
    header = read_header(gguf(store, "Q4_K_M"))
    foreign = {key: v for key, v in header.metadata.items() if not key.startswith("lamina.")}

    found = identify_gguf(dataclasses.replace(header, metadata=foreign))

    assert identify_hf(EMBEDDED_BASE).fingerprint == found.fingerprint


def test_training_and_llama_cpp_see_the_same_tokens(store: Store) -> None:
    ids = asked(EMBEDDED_BASE, *CHAT)
    rendered = f"<s>[INST] {CHAT[0]} [/INST] {CHAT[1]}</s>"

    seen = both_engines.llama_tokens(gguf(store, "F16"), rendered, bos=False, special=True)

    assert list(ids) == seen


def test_an_exported_layer_says_in_llama_cpp_what_it_says_in_pytorch(store: Store) -> None:
    order = layer_orders.order(store, EMBEDDED_BASE)
    layer = train_layer(order, store=store, progress=Silent(), threads=1)
    (exported,) = export_layers(
        [layer], EMBEDDED_BASE, store=store, progress=Silent(), llama_cpp_dir=LLAMA_CPP_DIR
    )
    tokens = asked(EMBEDDED_BASE, *CHAT)

    expected = both_engines.torch_logits(EMBEDDED_BASE, tokens, store.path(layer))
    file = store.path(exported) / "adapter.gguf"
    actual = both_engines.llama_logits(gguf(store, "F16"), tokens, file)

    assert both_engines.mean_kl(expected, actual) < 1e-3
    assert both_engines.top_1_agreement(expected, actual) >= 0.99
