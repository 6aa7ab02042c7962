"""What gc leaves beside a flow that runs, and what a crash left."""

import fcntl
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from gc_store import NOW, age, left, make

from lamina.artifacts import ArtifactRef
from lamina.orders import CollectGarbage
from lamina.stages import upkeep
from lamina.stages.pod import Pod
from lamina.store import Stage
from lamina.upkeep.collect import LEFT_OVERS


def test_what_a_running_stage_is_about_to_give_again_stays(pod: Pod) -> None:
    asked, other = make(pod, "adapter", 1), make(pod, "adapter", 2)
    key = Stage("adapter", 1).key({"name": 1})
    with (pod.store.root / "locks" / key).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        upkeep.gc(pod, NOW)

    assert left(pod, asked, other) == [True, False]


def test_what_is_made_while_gc_runs_is_not_touched(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamina.upkeep import collect

    made: list[ArtifactRef] = []
    begin = collect.inventory

    def meanwhile(*arguments: Any) -> object:  # noqa: ANN401 - passed on
        time.sleep(0.05)  # files' times go by the tick, which is 10 ms at most
        made.append(make(pod, "adapter", 1))
        return begin(*arguments)

    monkeypatch.setattr(collect, "inventory", meanwhile)

    upkeep.gc(pod, NOW)

    assert left(pod, *made) == [True]


def test_what_is_used_while_gc_makes_up_its_mind_stays(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lamina.upkeep import collect

    asked, other = make(pod, "adapter", 1), make(pod, "adapter", 2)
    age(pod, days=30)
    decide = collect.reachable

    def meanwhile(*arguments: Any) -> object:  # noqa: ANN401 - passed on
        pod.store.open(asked)
        return decide(*arguments)

    monkeypatch.setattr(collect, "reachable", meanwhile)

    upkeep.gc(pod, CollectGarbage())

    assert left(pod, asked, other) == [True, False]


def draft(pod: Pod, name: str) -> Path:
    folder = pod.store.root / "tmp" / name
    folder.mkdir(parents=True)
    (folder / "part").write_bytes(b"x" * 5000)
    return folder


def test_what_a_crash_left_a_day_ago_goes(pod: Pod) -> None:
    gone = [draft(pod, "draft-crashed"), draft(pod, "receive-lora-gguf-0")]
    age(pod, days=2)
    stays = draft(pod, "draft-fresh")

    found = upkeep.gc(pod, CollectGarbage())

    assert [path.exists() for path in (*gone, stays)] == [False, False, True]
    assert found.removed[LEFT_OVERS].count == 2
    assert found.freed_bytes >= 10_000


def holding(path: Path) -> Callable[[], None]:
    handle = os.open(path, os.O_RDONLY | (0 if path.is_dir() else os.O_CREAT))
    fcntl.flock(handle, fcntl.LOCK_SH)
    return lambda: os.close(handle)


@pytest.mark.parametrize("held", ["tmp/draft-1", "locks/draft-1"])
def test_a_draft_that_somebody_holds_stays_however_old(pod: Pod, held: str) -> None:
    folder = draft(pod, "draft-1")
    (pod.store.root / "locks").mkdir(exist_ok=True)
    release = holding(pod.store.root / held)
    age(pod, days=30)

    upkeep.gc(pod, NOW)

    release()
    assert folder.exists()


def test_a_stage_holds_its_draft_while_it_works(pod: Pod) -> None:
    def slow(folder: Path) -> Mapping[str, Any]:
        (folder / "half").write_text("half")
        age(pod, days=30)
        upkeep.gc(pod, NOW)
        return {}

    ref = pod.store.once("adapter", Stage("slow", 1), {}, slow)

    assert (pod.store.open(ref) / "half").read_text() == "half"


def test_the_state_of_an_unfinished_run_goes_when_it_is_old_and_nobody_trains(pod: Pod) -> None:
    folder = pod.store.root / "checkpoints"
    folder.mkdir(parents=True)
    old, busy, young = (folder / f"train-{name}.pt" for name in ("old", "busy", "young"))
    (pod.store.root / "locks").mkdir(exist_ok=True)
    for path in (old, busy):
        path.write_bytes(b"state")
    age(pod, days=30)
    young.write_bytes(b"state")
    release = holding(pod.store.root / "locks" / "train-busy")

    upkeep.gc(pod, CollectGarbage())

    release()
    assert [path.exists() for path in (old, busy, young)] == [False, True, True]
