"""A full disk: noticed before the run, and during it without losing the last checkpoint."""

import os
from pathlib import Path

import layer_orders
import pytest
from pods import Told

from lamina.artifacts import ArtifactRef
from lamina.errors import ResourceError
from lamina.progress import Silent
from lamina.store import Store
from lamina.training import checkpoint as checkpoints
from lamina.training.checkpoint import Checkpoint
from lamina.training.recipe import train_layer


def fill(folder: Path, leave_bytes: int) -> Path:
    """Write until only so much is free."""
    filler = folder / "filler"
    status = os.statvfs(folder)
    filler.write_bytes(bytes(status.f_bavail * status.f_frsize - leave_bytes))
    return filler


def test_the_last_good_checkpoint_survives(small_disk: Path) -> None:
    checkpoint = Checkpoint(small_disk / "state.pt", 0)
    checkpoint.write({"step": 3})
    fill(small_disk, 100_000)

    with pytest.raises(ResourceError, match=r"is full.*the last checkpoint is kept; free"):
        checkpoint.write({"step": 4, "weights": bytes(200_000).hex()})

    assert checkpoint.read() == {"step": 3}
    assert [path.name for path in small_disk.iterdir() if path.suffix == ".pt"] == ["state.pt"]


def test_a_run_that_meets_a_full_disk_goes_on_when_there_is_room(
    small_disk: Path, base: Path, leases: ArtifactRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(small_disk / "store")
    order = layer_orders.order(store, base)
    monkeypatch.setattr("lamina.training.recipe.check_disk", lambda *_: None)
    write, written = Checkpoint.write, []

    def fill_after_three(self: Checkpoint, state: dict[str, object]) -> None:
        write(self, state)
        written.append(1)
        if len(written) == 3:
            fill(small_disk, 20_000)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints.Checkpoint, "write", fill_after_three)
        with pytest.raises(ResourceError, match="free some space, and run again to go on"):
            train_layer(order, store=store, progress=Silent(), threads=1, checkpoint_s=0)
    (small_disk / "filler").unlink()
    heard = Told()

    actual = train_layer(order, store=store, progress=heard, threads=1)

    assert actual == leases
    assert any(line.endswith("goes on after step 3") for line in heard.lines)


def test_too_little_room_is_said_before_the_run(small_disk: Path, base: Path) -> None:
    store = Store(small_disk / "store")
    fill(small_disk, 3 << 20)

    with pytest.raises(ResourceError, match=r"training leases needs about \d\.\d MB under"):
        train_layer(layer_orders.order(store, base), store=store, progress=Silent(), threads=1)
