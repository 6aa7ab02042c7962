"""One layer trained by two real processes: the same layer, and no end without a word."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import layer_orders
import pytest
import torch
from safetensors.torch import load_file

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, ResourceError
from lamina.progress import Silent
from lamina.store import Store
from lamina.training.recipe import train_layer
from lamina.training.team import Team
from lamina.training.worker import Job
from lamina.training.workers import Worker

# Packs so short that a step holds several, and a step so long that clipping matters.
DEALT = layer_orders.QUICK.model_copy(
    update={"sequence_tokens": 64, "learning_rate": 1e-3, "steps": 8}
)
LEADER, HELPER = 0, 1
pytestmark = pytest.mark.timeout(300)  # processes that load torch, up to six times a test


@pytest.fixture(scope="module")
def pair() -> Iterator[Worker]:
    """Two processes that train one layer together, kept for the module's tests."""
    worker = Worker([None, None])
    yield worker
    worker.stop()


class Heard(Silent):
    """Remembers what was said, and kills one of the processes at a step."""

    def __init__(self, pair: Worker, victim: int | None = None, step: int = 5) -> None:
        self.lines: list[str] = []
        self._pair = pair
        self._victim = victim
        self._step = step

    def say(self, line: str) -> None:
        self.lines.append(line)

    def advance(self, done: int, note: str = "") -> None:
        del note
        if done == self._step and self._victim is not None:
            os.kill(self._pair.children[self._victim].process.pid, signal.SIGKILL)


def job(store: Store, base: Path, **changed: object) -> Job:
    order = layer_orders.order(store, base, **({"profile": DEALT} | changed))
    return Job(order=order, store=store.root, threads=1, checkpoint_s=0)


def weights(store: Store, ref: ArtifactRef) -> torch.Tensor:
    found = load_file(store.path(ref) / "adapter_model.safetensors")
    return torch.cat([found[name].flatten() for name in sorted(found)])


def curve(store: Store, ref: ArtifactRef) -> list[dict[str, float]]:
    found = json.loads((store.path(ref) / "curve.json").read_bytes())
    return [{name: loss for name, loss in entry.items() if loss is not None} for entry in found]


def alone(store: Store, base: Path) -> ArtifactRef:
    order = layer_orders.order(store, base, profile=DEALT)
    return train_layer(order, store=store, progress=Silent(), threads=1)


def test_two_processes_train_the_layer_that_one_trains(
    pair: Worker, tmp_path: Path, base: Path
) -> None:
    one, two = Store(tmp_path / "one"), Store(tmp_path / "two")
    expected = alone(one, base)

    actual = pair.train(job(two, base), Silent())

    assert two.manifest(actual).run["processes"] == 2
    torch.testing.assert_close(weights(two, actual), weights(one, expected), rtol=1e-3, atol=1e-5)
    pairs = zip(curve(two, actual), curve(one, expected), strict=True)
    for own, other in pairs:
        assert own == pytest.approx(other, abs=1e-4)


@pytest.mark.parametrize("victim", [LEADER, HELPER])
def test_a_killed_process_is_one_clear_error_and_the_next_run_goes_on(
    pair: Worker, tmp_path: Path, base: Path, victim: int
) -> None:
    whole, broken = Store(tmp_path / "whole"), Store(tmp_path / "broken")
    began_s = time.monotonic()
    with pytest.raises(ResourceError, match=r"a process that trained layer leases .*\(signal 9"):
        pair.train(job(broken, base), Heard(pair, victim))
    assert time.monotonic() - began_s < 120
    heard = Heard(pair)

    actual = pair.train(job(broken, base), heard)

    assert any("goes on after step" in line for line in heard.lines)
    expected = pair.train(job(whole, base), Silent())
    assert weights(broken, actual).equal(weights(whole, expected))


def test_an_error_of_all_keeps_its_class_and_sentence(
    pair: Worker, store: Store, base: Path
) -> None:
    hopeless = DEALT.model_copy(update={"targets": ("c_attn",)})

    with pytest.raises(InvalidInputError, match="no linear module 'c_attn'"):
        pair.train(job(store, base, profile=hopeless), Silent())


def test_a_layer_that_is_there_already_waits_for_nobody(
    pair: Worker, store: Store, base: Path
) -> None:
    expected = alone(store, base)

    assert pair.train(job(store, base), Silent()) == expected


def test_packs_are_dealt_out_and_each_is_computed_once() -> None:
    hands = [Team(rank=rank, size=3).own("abcde") for rank in range(3)]

    assert hands == [[(0, "a"), (3, "d")], [(1, "b"), (4, "e")], [(2, "c")]]
    assert Team().own("ab") == [(0, "a"), (1, "b")]
