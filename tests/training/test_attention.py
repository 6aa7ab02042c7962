"""Attention document by document gives what transformers' own gives."""

import json
import shutil
from pathlib import Path

import layer_orders
import pytest
from test_best_step import pack

from lamina.passport import identify_hf
from lamina.store import Store
from lamina.training.attention import LOOP, VARLEN
from lamina.training.base import fastest_attention, kernels, load, release
from lamina.training.loss import pack_loss


def losses(store: Store, base: Path) -> tuple[float, float]:
    """Of one pack: with our attention, and with transformers' own under a block-diagonal mask."""
    release()
    model = load(layer_orders.order(store, base))
    assert kernels()["attention"] == LOOP
    ours = pack_loss(model, pack()).item()
    model.set_attn_implementation("sdpa")
    theirs = pack_loss(model, pack()).item()
    release()
    return ours, theirs


def test_it_gives_the_loss_of_a_block_diagonal_mask(store: Store, base: Path) -> None:
    ours, theirs = losses(store, base)

    assert ours == pytest.approx(theirs, rel=1e-5)


def test_a_sliding_window_shorter_than_a_document_is_kept(
    store: Store, base: Path, tmp_path: Path
) -> None:
    narrow = shutil.copytree(base, tmp_path / "narrow")
    config = json.loads((narrow / "config.json").read_bytes())
    (narrow / "config.json").write_text(json.dumps(config | {"sliding_window": 4}))
    assert identify_hf(narrow).digest != identify_hf(base).digest

    ours, theirs = losses(store, narrow)

    assert ours == pytest.approx(theirs, rel=1e-5)
    assert ours != pytest.approx(losses(store, base)[0], rel=1e-4)


def test_an_architecture_that_is_not_plain_keeps_its_own() -> None:
    assert fastest_attention("gemma2", cuda=False, dtype="float32") == "sdpa"


def test_on_a_gpu_a_kernel_for_packs_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's own, else flash-attn's where it is installed."""
    assert fastest_attention("llama", cuda=True, dtype="bfloat16") == VARLEN
    assert fastest_attention("llama", cuda=True, dtype="float32") == LOOP
    assert fastest_attention("llama", cuda=False, dtype="bfloat16") == LOOP

    monkeypatch.setattr("lamina.training.base.kernel", lambda: None)

    assert fastest_attention("llama", cuda=True, dtype="bfloat16") == LOOP
    monkeypatch.setattr("lamina.training.base._installed", lambda _: "2.8")
    assert fastest_attention("llama", cuda=True, dtype="bfloat16") == "flash_attention_2"
    assert fastest_attention("llama", cuda=True, dtype="float32") == LOOP
