"""Ladders beside training where a GPU trains; no GPU is needed to see what runs when."""

import threading
from collections.abc import Callable

import pytest

from lamina.artifacts import ArtifactRef
from lamina.errors import MismatchError
from lamina.orders import TrainLayers
from lamina.passport import BaseIdentity
from lamina.stages import climbing
from tasks import parity
from tasks.each import each

BASE = BaseIdentity(name="some", digest="0" * 64, fingerprint="some", architecture="mistral")
WAIT_S = 10.0
Then = Callable[[str, ArtifactRef], object]


def ref(letter: str) -> ArtifactRef:
    return ArtifactRef(kind="adapter", digest=letter * 64)


class Climbed:
    """Stands for the ladder's task: notes what is climbed, and may fail or take its time."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.at = threading.Semaphore(0)  # a ladder has begun
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, layer: str, adapter: ArtifactRef, *_: object) -> ArtifactRef:
        self.begun.append(layer)
        self.at.release()
        assert self.go_on.wait(WAIT_S)
        if layer == "broken":
            raise MismatchError("it says something else")
        return adapter


@pytest.fixture
def climbed(monkeypatch: pytest.MonkeyPatch) -> Climbed:
    found = Climbed()
    monkeypatch.setattr(parity, "measure_parity", found)
    monkeypatch.setattr(parity, "export_ahead", lambda *_: None)
    monkeypatch.setattr(parity, "require_parity", lambda *_: None)
    monkeypatch.setattr(parity, "trains_on_gpu", lambda: True)
    return found


def trained(
    names: list[str], training: Callable[[str], ArtifactRef], then: Then
) -> dict[str, ArtifactRef]:
    return each(training, {name: (name,) for name in names}, {}, then=then)


def test_a_ladder_is_climbed_while_the_next_layer_is_trained(climbed: Climbed) -> None:
    def training(name: str) -> ArtifactRef:
        if name == "b":
            assert climbed.at.acquire(timeout=WAIT_S)  # the ladder of a
        return ref(name)

    failures: dict[str, str] = {}
    with parity.ladders(TrainLayers(), BASE, failures) as climbing_:
        adapters = trained(["a", "b"], training, climbing_.begin)
        sound = climbing_.sound(adapters)

    assert sound == {"a": ref("a"), "b": ref("b")}
    assert climbed.begun == ["a", "b"]  # each once
    assert failures == {}


def test_without_a_gpu_ladders_wait_for_the_last_training(
    climbed: Climbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parity, "trains_on_gpu", lambda: False)

    with parity.ladders(TrainLayers(), BASE, {}) as climbing_:
        adapters = trained(["a", "b"], ref, climbing_.begin)
        assert climbed.begun == []
        assert climbing_.sound(adapters) == adapters


def test_a_ladder_that_fails_holds_back_its_own_layer_only(climbed: Climbed) -> None:
    failures: dict[str, str] = {}

    with parity.ladders(TrainLayers(), BASE, failures) as climbing_:
        adapters = trained(["broken", "b"], lambda name: ref(name[0]), climbing_.begin)
        sound = climbing_.sound(adapters)

    assert climbed.begun == ["broken", "b"]
    assert sound == {"b": ref("b")}
    assert failures == {"broken": "it says something else"}


def test_an_order_without_ladders_climbs_none(climbed: Climbed) -> None:
    with parity.ladders(TrainLayers(check_parity=False), BASE, {}) as climbing_:
        adapters = trained(["a"], ref, climbing_.begin)
        assert climbing_.sound(adapters) == adapters

    assert climbed.begun == []


def test_a_run_that_is_stopped_stops_its_ladders(
    climbed: Climbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Converter:
        def stop(self) -> None:
            climbed.go_on.set()

    def training(name: str) -> ArtifactRef:
        if name == "c":
            assert climbed.at.acquire(timeout=WAIT_S)
            raise KeyboardInterrupt
        return ref(name)

    climbed.go_on.clear()
    monkeypatch.setattr(climbing, "_open", {Converter()})

    with (
        pytest.raises(KeyboardInterrupt),
        parity.ladders(TrainLayers(), BASE, {}) as climbing_,
    ):
        trained(["a", "b", "c"], training, climbing_.begin)

    assert climbed.go_on.is_set()  # a is ended
    assert climbed.begun == ["a"]  # b is not begun
