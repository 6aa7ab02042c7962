"""What a run leaves for the next one, and when. `test_workers` kills real processes."""

import time
from pathlib import Path

import layer_orders
import pytest

from lamina.progress import Silent
from lamina.store import Store
from lamina.training.checkpoint import Checkpoint
from lamina.training.recipe import train_layer


def test_a_finished_run_leaves_no_checkpoint(store: Store, base: Path) -> None:
    short = layer_orders.QUICK.model_copy(update={"steps": 2})
    order = layer_orders.order(store, base, profile=short)

    train_layer(order, store=store, progress=Silent(), threads=1, checkpoint_s=0)

    assert list((store.root / "checkpoints").iterdir()) == []


def test_a_damaged_checkpoint_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    checkpoint = Checkpoint(path, 0)
    checkpoint.write({"step": 3})
    path.write_bytes(path.read_bytes()[:-200])

    assert checkpoint.read() is None


def test_a_checkpoint_is_due_after_its_interval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    checkpoint = Checkpoint(tmp_path / "state.pt", 20)

    now_s[0] = 19.0
    assert not checkpoint.is_due()
    now_s[0] = 20.0
    assert checkpoint.is_due()
