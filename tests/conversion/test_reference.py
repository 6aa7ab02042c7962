"""What PyTorch says of a layer, computed beside a training in the same process."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from lamina.artifacts import ArtifactRef
from lamina.conversion import reference
from lamina.conversion.ladder import Sample
from lamina.progress import Silent
from lamina.store import Store

TEXT = tuple(range(4, 40))
SAMPLES = (Sample(kind="text", text="text", whole=TEXT, ids=TEXT, first=1),)


class Watched:
    """Stands for the lock that a training takes; notes whether it is held."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.taken = 0

    def __enter__(self) -> None:
        self.lock.acquire()
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_on_a_processor_a_training_waits_for_the_loading_alone(
    base: Path, store: Store, adapters: tuple[ArtifactRef, ...], tmp_path: Path
) -> None:
    """Making the model draws from the random numbers that a training goes by."""
    alone = Watched()
    held: list[bool] = []

    class Heard(Silent):
        def advance(self, *_: object) -> None:
            held.append(alone.lock.locked())

    losses = reference.write_reference(
        base, store.open(adapters[0]), SAMPLES, tmp_path / "said.npy",
        progress=Heard(), threads=1, alone=alone,
    )  # fmt: skip

    assert alone.taken == 1
    assert held == [False]
    said = np.load(tmp_path / "said.npy")
    assert losses[0] == pytest.approx(-said[range(len(TEXT) - 1), TEXT[1:]].sum(), rel=1e-5)


def test_nothing_is_drawn_while_another_thread_trains(
    base: Path, store: Store, adapters: tuple[ArtifactRef, ...], tmp_path: Path
) -> None:
    alone = Watched()
    torch.manual_seed(1)
    before = torch.get_rng_state()

    def write() -> None:
        reference.write_reference(
            base, store.open(adapters[0]), SAMPLES, tmp_path / "said.npy",
            progress=Silent(), threads=1, alone=alone,
        )  # fmt: skip

    with alone:
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert torch.equal(torch.get_rng_state(), before)
    thread.join()

    assert alone.taken == 2
    assert not torch.equal(torch.get_rng_state(), before)  # it does draw
