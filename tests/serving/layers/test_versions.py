"""Versions that were replaced or taken away: what of them stays in memory."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import httpx
import psutil
import pytest
import tiny_gguf

from lamina.serving.engine.options import EngineOptions
from lamina.serving.engine.sequence import Delta, Generation, Outcome, Sequence
from lamina.serving.engine.thread import Engine
from lamina.serving.layers.adapter_file import read_base
from lamina.serving.layers.blends import LayerSet, Part
from lamina.serving.layers.registry import Registry
from lamina.serving.llama import ContextOptions, Sampling, quiet

MB = 1 << 20
PROMOTIONS = 200


@pytest.fixture
def folder(tmp_path: Path, base_gguf: Path) -> Path:
    """An adapters folder with one layer of some two megabytes."""
    made = tmp_path / "adapters"
    made.mkdir()
    tiny_gguf.write_layer(made / "A.gguf", base_gguf, seed=3, rank=640)
    return made


@contextmanager
def serving(base_gguf: Path, folder: Path) -> Iterator[tuple[Engine, Registry]]:
    quiet()
    options = EngineOptions(context=ContextOptions(n_ctx=256, n_slots=2, n_threads=1))
    engine = Engine(base_gguf, options)
    engine.start().result(60)
    yield engine, Registry(read_base(base_gguf), folder, on_change=engine.keep)
    engine.stop()


def asked(engine: Engine, layers: LayerSet, n_tokens: int = 2) -> "Queue[object]":
    events: Queue[object] = Queue()
    generation = Generation(n_tokens, sampling=Sampling(temperature=0), ignore_eos=True)
    engine.submit(Sequence(layers, [1, 300, 301], generation, sink=events.put))
    return events


def outcome(events: "Queue[object]") -> object:
    while isinstance(event := events.get(timeout=60), Delta):
        pass
    return event


def promote(folder: Path, number: int) -> None:
    """Put another version in A's place: one number of the last matrix differs."""
    new = folder / "new"
    shutil.copyfile(folder / "A.gguf", new)
    with new.open("r+b") as file:
        file.seek(-4096, 2)
        file.write(number.to_bytes(2, "little"))
    new.rename(folder / "A.gguf")


def settled(engine: Engine) -> frozenset[str]:
    """What is in memory once the engine did all that it was told."""
    engine.alone(lambda _loop: None).result(60)
    engine.alone(lambda _loop: None).result(60)
    return engine.memory.loaded


def test_memory_is_flat_over_two_hundred_promotions(base_gguf: Path, folder: Path) -> None:
    size = (folder / "A.gguf").stat().st_size
    sizes = []
    with serving(base_gguf, folder) as (engine, registry):
        for number in range(PROMOTIONS):
            promote(folder, number)
            layers = registry.resolve([Part("A", 1.0)])
            assert isinstance(outcome(asked(engine, layers)), Outcome)
            sizes.append(psutil.Process().memory_info().rss)

        assert settled(engine) == {layers.layers[0].digest}
    assert size > 1.5 * MB
    assert sizes[-1] - sizes[20] < 20 * size


def test_a_deleted_layer_leaves_memory(base_gguf: Path, folder: Path) -> None:
    with serving(base_gguf, folder) as (engine, registry):
        outcome(asked(engine, registry.resolve([Part("A", 1.0)])))
        assert settled(engine)
        (folder / "A.gguf").unlink()
        registry.layers()

        assert not settled(engine)


def test_a_version_that_answers_stays_until_it_is_done(base_gguf: Path, folder: Path) -> None:
    with serving(base_gguf, folder) as (engine, registry):
        old = registry.resolve([Part("A", 1.0)])
        running = [asked(engine, old, n_tokens=200) for _ in range(4)]  # two of them wait
        running[0].get(timeout=60)
        promote(folder, 1)
        new = registry.resolve([Part("A", 1.0)])

        assert old != new
        assert all(isinstance(outcome(events), Outcome) for events in running)
        assert isinstance(outcome(asked(engine, new)), Outcome)
        assert settled(engine) == {new.layers[0].digest}


def test_a_version_that_is_held_stays(base_gguf: Path, folder: Path) -> None:
    with serving(base_gguf, folder) as (engine, registry):
        old = registry.resolve([Part("A", 1.0)])
        outcome(asked(engine, old))
        with engine.memory.holding(old):
            promote(folder, 1)
            registry.layers()
            assert settled(engine) == {old.layers[0].digest}
            assert isinstance(outcome(asked(engine, old)), Outcome)
        engine.keep(frozenset())

        assert not settled(engine)


def test_the_defaults_old_version_leaves_memory(http: httpx.Client, served_folder: Path) -> None:
    """Over HTTP: the default is pinned, and its layer's file goes."""
    path = served_folder / "Gone.gguf"
    path.write_bytes((served_folder / "A.gguf").read_bytes()[:-4] + b"\0\0\0\0")
    http.post("/lora-adapters", json={"adapters": [{"name": "Gone"}]})
    listed = {one["name"]: one["loaded"] for one in http.get("/lora-adapters").json()}
    assert listed["Gone"]
    before = resident(http)
    path.unlink()
    http.get("/lora-adapters")

    assert any(resident(http) == before - 1 for _ in range(200))


def resident(http: httpx.Client) -> int:
    lines = http.get("/metrics").text.splitlines()
    return int(
        float(next(one for one in lines if one.startswith("lamina_resident_layers ")).split()[-1])
    )
