"""Layers side by side: worker processes that keep their base, and do not take each other along."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import layer_orders
import pytest
from pods import Told

from lamina.artifacts import ArtifactRef
from lamina.errors import InvalidInputError, ResourceError
from lamina.progress import Silent
from lamina.store import Store
from lamina.training.recipe import train_layer
from lamina.training.worker import Job
from lamina.training.workers import Workers, devices, gpus


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Two processes, kept for the module's tests."""
    pool = Workers([None, None])
    yield pool
    pool.stop()


class KillAt(Silent):
    """Kills the workers when this step is reported."""

    def __init__(self, workers: Workers, step: int) -> None:
        self._workers = workers
        self._step = step

    def advance(self, done: int, note: str = "") -> None:
        del note
        if done == self._step:
            for child in self._workers.processes():
                child.kill()
                child.wait()


def job(store: Store, base: Path, layer: str = "leases", **changed: object) -> Job:
    return job_of(layer_orders.order(store, base, layer, **changed), store)


def job_of(order: layer_orders.LayerOrder, store: Store) -> Job:
    return Job(order=order, store=store.root, threads=1, checkpoint_s=0)


def test_layers_trained_side_by_side_equal_those_trained_here(
    workers: Workers, store: Store, shared: Store, base: Path, leases: ArtifactRef
) -> None:
    order = layer_orders.order(shared, base, "goodwill")
    goodwill = train_layer(order, store=shared, progress=Silent(), threads=1)

    with ThreadPoolExecutor(2) as pool:
        jobs = [job(store, base, name) for name in ("leases", "goodwill")]
        actual = list(pool.map(lambda each: workers.train(each, Silent()), jobs))

    assert actual == [leases, goodwill]
    assert [store.holds(ref) for ref in actual] == [True, True]


def test_progress_and_sentences_come_through(workers: Workers, store: Store, base: Path) -> None:
    class Heard(Silent):
        def __init__(self) -> None:
            self.steps: list[int] = []

        def advance(self, done: int, note: str = "") -> None:
            assert "tokens/s" in note
            self.steps.append(done)

    heard = Heard()
    workers.train(job(store, base), heard)

    assert heard.steps == list(range(1, layer_orders.QUICK.steps + 1))


def test_an_error_keeps_its_class_and_sentence(workers: Workers, store: Store, base: Path) -> None:
    profile = layer_orders.QUICK.model_copy(update={"general_share": 0.2})

    with pytest.raises(InvalidInputError, match="layer leases wants 20% general rows, but"):
        workers.train(job(store, base, profile=profile), Silent())


def test_after_a_kill_the_next_run_goes_on_and_gives_the_same_layer(
    workers: Workers, store: Store, base: Path, overshot: ArtifactRef
) -> None:
    """SIGKILL after a checkpoint whose best step lies further back."""
    killed = job_of(layer_orders.overshooting(store, base), store)
    with pytest.raises(ResourceError, match=r"layer leases ended unasked \(signal 9"):
        workers.train(killed, KillAt(workers, 14))
    heard = Told()

    actual = workers.train(killed, heard)

    assert any("goes on after step" in line for line in heard.lines)
    assert actual == overshot


def test_one_worker_for_each_of_several_gpus() -> None:
    assert devices(0, ["0", "1", "2"]) == ["0", "1", "2"]
    assert devices(0, ["0"]) == devices(0, []) == []
    assert devices(2, []) == [None, None]
    assert devices(3, ["4", "7"]) == ["4", "7", "4"]


def test_only_the_gpus_that_are_visible_count() -> None:
    assert gpus({"CUDA_VISIBLE_DEVICES": "1, 3"}) == ["1", "3"]
    assert gpus({"CUDA_VISIBLE_DEVICES": ""}) == []
