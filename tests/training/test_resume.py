import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import layer_orders
import pytest

from lamina.progress import Silent
from lamina.store import Store
from lamina.training.checkpoint import Checkpoint
from lamina.training.recipe import train_layer

CHILD = """
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import layer_orders
from lamina.progress import Lines
from lamina.store import Store
from lamina.training.recipe import train_layer

store = Store(Path(sys.argv[2]))
order = getattr(layer_orders, sys.argv[4])(store, Path(sys.argv[3]))
train_layer(order, store=store, progress=Lines(0), threads=1, checkpoint_s=0)
"""


class Heard(Silent):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def killed(store: Store, base: Path, kind: str, after: int) -> None:
    """Train in a child and kill it with SIGKILL when so many steps are done."""
    arguments = [
        sys.executable,
        "-c",
        CHILD,
        str(Path(__file__).parent),
        str(store.root),
        str(base),
        kind,
    ]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if line.startswith(f"train leases {after}/"):
                os.kill(child.pid, signal.SIGKILL)
                break


@pytest.mark.parametrize(("kind", "after"), [("order", 4), ("overshooting", 14)])
def test_a_killed_run_goes_on_and_gives_the_same_layer(
    tmp_path: Path, base: Path, kind: str, after: int
) -> None:
    """Also where the best step lies before the kill."""
    make = getattr(layer_orders, kind)
    whole, broken = Store(tmp_path / "whole"), Store(tmp_path / "broken")
    expected = train_layer(make(whole, base), store=whole, progress=Silent(), threads=1)
    killed(broken, base, kind, after)
    heard = Heard()

    actual = train_layer(make(broken, base), store=broken, progress=heard, threads=1)

    assert any("goes on after step" in line for line in heard.lines)
    assert expected == actual


def test_a_finished_run_leaves_no_checkpoint(store: Store, base: Path) -> None:
    order = layer_orders.order(store, base)

    train_layer(order, store=store, progress=Silent(), threads=1, checkpoint_s=0)

    assert list((store.root / "checkpoints").iterdir()) == []


def test_a_damaged_checkpoint_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    checkpoint = Checkpoint(path, 0)
    checkpoint.write({"step": 3})
    path.write_bytes(path.read_bytes()[:-200])

    assert checkpoint.read() is None


def test_a_checkpoint_is_due_after_its_interval(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "state.pt", 0.05)

    assert not checkpoint.is_due()
    time.sleep(0.06)
    assert checkpoint.is_due()
