"""The embedded base through the whole chain: what is promised of it, not of a miniature."""

import dataclasses

import both_engines
from both_engines import asked
from made import Made

from lamina.artifacts import ArtifactRef
from lamina.conversion.parity import ParityOrder
from lamina.gguf import read_header
from lamina.passport import identify_gguf, identify_hf
from lamina.stages.pod import Pod
from lamina.workspace import EMBEDDED_BASE

CHAT = ("What is the limit for small leases?", "The limit is 4,000 euros a year.")


def test_the_tiny_base_is_recognised_in_q4_k_m_that_somebody_else_made(
    tiny: Pod, embedded: Made
) -> None:
    header = read_header(tiny.store.path(embedded.gguf()) / "model.gguf")
    foreign = {key: v for key, v in header.metadata.items() if not key.startswith("lamina.")}

    found = identify_gguf(dataclasses.replace(header, metadata=foreign))

    assert identify_hf(EMBEDDED_BASE).fingerprint == found.fingerprint


def test_training_and_llama_cpp_see_the_same_tokens(tiny: Pod, embedded: Made) -> None:
    ids = asked(EMBEDDED_BASE, *CHAT)
    rendered = f"<s>[INST] {CHAT[0]} [/INST] {CHAT[1]}</s>"
    file = tiny.store.path(embedded.gguf("F16")) / "model.gguf"

    seen = both_engines.llama_tokens(file, rendered, bos=False, special=True)

    assert list(ids) == seen


def test_an_exported_layer_says_in_llama_cpp_what_it_says_in_pytorch(
    tiny: Pod, embedded: Made, leases: ArtifactRef, order: ParityOrder
) -> None:
    tokens = asked(EMBEDDED_BASE, *CHAT)
    f16 = tiny.store.path(embedded.gguf("F16")) / "model.gguf"
    layer = tiny.store.path(order.exported) / "adapter.gguf"

    expected = both_engines.torch_logits(EMBEDDED_BASE, tokens, tiny.store.path(leases))
    actual = both_engines.llama_logits(f16, tokens, layer)

    assert both_engines.mean_kl(expected, actual) < 1e-3
    assert both_engines.top_1_agreement(expected, actual) >= 0.99
