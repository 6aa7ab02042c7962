"""The ladder on the embedded base: it holds for a sound layer, and each planted fault is caught."""

import dataclasses
import math
import shutil
from pathlib import Path

import layer_orders
import pytest
from both_engines import LLAMA_CPP_DIR
from here import Here
from planted import BOOL, FLOAT, planted, write_value

from lamina.artifacts import ArtifactRef
from lamina.conversion.convert import convert_to_gguf
from lamina.conversion.ladder import Ladder
from lamina.conversion.parity import ParityOrder
from lamina.errors import MismatchError
from lamina.orders import CheckParity
from lamina.passport import identify_hf
from lamina.progress import Silent
from lamina.stages import layers, parity
from lamina.stages.pod import Pod
from lamina.workspace import EMBEDDED_BASE

pytestmark = pytest.mark.usefixtures("here")


def climbed(tiny: Pod, order: ParityOrder) -> Ladder:
    return parity.verdict(tiny, parity.climb(tiny, order))


def test_a_sound_layer_climbs_every_rung(tiny: Pod, sound: ArtifactRef) -> None:
    ladder = parity.verdict(tiny, sound)

    assert [one.name for one in ladder.rungs] == ["PyTorch", "F16", "Q4_K_M", "merged Q4_K_M"]
    assert ladder.problems == ()
    assert ladder.tokens.compared == ladder.samples > 0
    parity.require_parity(ladder)


def test_the_first_rung_is_the_loss_that_training_measured(
    tiny: Pod, leases: ArtifactRef, sound: ArtifactRef
) -> None:
    trained = layers.passport(tiny, leases).heldout_loss

    assert parity.verdict(tiny, sound).rungs[0].loss == pytest.approx(trained, rel=1e-4)


def test_a_ladder_is_climbed_once(
    tiny: Pod, leases: ArtifactRef, sound: ArtifactRef, here: Here
) -> None:
    here.asked.clear()

    assert parity.check_parity(tiny, leases, CheckParity(merged="yes")) == sound
    assert here.asked == []


def test_nothing_of_the_measuring_remains(tiny: Pod, sound: ArtifactRef) -> None:
    names = {path.name for path in tiny.store.path(sound).iterdir()}

    assert names == {"manifest.json", "parity.json", "parity.md", "samples.jsonl"}
    assert not list((tiny.store.root / "tmp").iterdir())


def test_wrong_alpha_is_caught(tiny: Pod, order: ParityOrder) -> None:
    def halve(path: Path) -> None:
        write_value(path, "adapter.lora.alpha", FLOAT, layer_orders.QUICK.alpha / 2)

    exported = planted(tiny, order.exported, "adapter.gguf", halve)
    ladder = climbed(tiny, dataclasses.replace(order, exported=exported))

    with pytest.raises(MismatchError, match=r"at F16 the mean KL is .* \(limit 1e-03\)"):
        parity.require_parity(ladder)


def test_the_strength_of_rslora_is_caught(tiny: Pod, order: ParityOrder) -> None:
    profile = layer_orders.QUICK

    def as_rslora(path: Path) -> None:  # alpha / sqrt(rank) instead of alpha / rank
        alpha = profile.alpha * math.sqrt(profile.rank)
        write_value(path, "adapter.lora.alpha", FLOAT, alpha)

    exported = planted(tiny, order.exported, "adapter.gguf", as_rslora)
    ladder = climbed(tiny, dataclasses.replace(order, exported=exported))

    with pytest.raises(MismatchError, match="at F16 the mean KL"):
        parity.require_parity(ladder)


def test_a_missing_bos_is_caught(tiny: Pod, order: ParityOrder) -> None:
    def without_bos(path: Path) -> None:
        write_value(path, "tokenizer.ggml.add_bos_token", BOOL, value=False)

    quantized = planted(tiny, order.quantized, "model.gguf", without_bos)
    ladder = climbed(tiny, dataclasses.replace(order, quantized=quantized))

    with pytest.raises(MismatchError, match=r"token ids differ .* from token 0 on: training \[1, "):
        parity.require_parity(ladder)


def test_a_swapped_chat_template_is_caught(tiny: Pod, order: ParityOrder) -> None:
    def swap(path: Path) -> None:
        raw = path.read_bytes()
        assert b"'[INST] '" in raw
        path.write_bytes(raw.replace(b"'[INST] '", b"'[USER] '"))

    quantized = planted(tiny, order.quantized, "model.gguf", swap)
    ladder = climbed(tiny, dataclasses.replace(order, quantized=quantized))

    assert ladder.tokens.differing == sum(one.kind != "text" for one in order.samples) > 0
    with pytest.raises(MismatchError, match=r"token ids differ.*another chat template"):
        parity.require_parity(ladder)


def test_a_wrong_base_is_caught(tiny: Pod, order: ParityOrder, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    other = tmp_path / "other"
    shutil.copytree(EMBEDDED_BASE, other)
    torch.manual_seed(0)
    weights = load_file(other / "model.safetensors")
    for name, weight in weights.items():
        if weight.dim() == 2:  # a finetune of the same base, say
            weights[name] = weight + 0.05 * weight.std() * torch.randn_like(weight)
    save_file(weights, other / "model.safetensors", {"format": "pt"})
    f16, quantized = (
        convert_to_gguf(
            other, identify_hf(other), store=tiny.store, progress=Silent(),
            llama_cpp_dir=LLAMA_CPP_DIR, ftype=ftype,
        )
        for ftype in ("F16", "Q4_K_M")
    )  # fmt: skip

    ladder = climbed(tiny, dataclasses.replace(order, f16=f16, quantized=quantized))

    with pytest.raises(MismatchError, match="at F16 the mean KL"):
        parity.require_parity(ladder)


def test_a_failed_ladder_is_kept_with_its_figures(tiny: Pod, leases: ArtifactRef) -> None:
    ref = parity.check_parity(tiny, leases, CheckParity(merged="no", f16_kl=1e-12))

    ladder = parity.verdict(tiny, ref)

    assert not tiny.store.manifest(ref).facts["passed"]
    assert "at F16 the mean KL" in ladder.markdown()
    assert "| F16 |" in ladder.markdown()
