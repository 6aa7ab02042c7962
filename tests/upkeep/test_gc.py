"""What gc removes and what it leaves, also beside a flow that runs."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from lamina import settings
from lamina.artifacts import ArtifactRef
from lamina.orders import CollectGarbage
from lamina.progress import Silent
from lamina.stages import handover, upkeep
from lamina.stages.pod import Pod
from lamina.store import Stage, point
from lamina.upkeep.collect import LEFT_OVERS
from lamina.workspace import Workspace

DAY_S = 86_400
NOW = CollectGarbage(grace_days=0)


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    chosen = settings.load(workspace=tmp_path / "work", base_model="tiny")
    return Pod(chosen, Workspace(chosen).make(), Silent())


def make(
    pod: Pod, kind: str, name: object, facts: Mapping[str, Any] | None = None, **inputs: object
) -> ArtifactRef:
    """An artifact that was made of these inputs."""

    def fill(folder: Path) -> Mapping[str, Any]:
        (folder / "adapter.gguf").write_text(f"{kind} {name} " + "x" * 1000)
        return facts or {}

    return pod.store.once(kind, Stage(kind, 1), {"name": name, **inputs}, fill)


def version(pod: Pod, number: int, **inputs: object) -> ArtifactRef:
    return make(pod, "lora-gguf", number, {"passport": {"layer": "Leases"}}, **inputs)


def link(pod: Pod, ref: ArtifactRef, name: str = "output/peft/Leases") -> None:
    point(pod.workspace.root / name, pod.store.path(ref))


def age(pod: Pod, days: float) -> None:
    """Everything in the store was last touched so long ago; artifacts' files count by content."""
    then = time.time() - days * DAY_S
    for path in (pod.store.root, *pod.store.root.rglob("*")):
        if path.name != "adapter.gguf":
            os.utime(path, (then, then), follow_symlinks=False)


def left(pod: Pod, *refs: ArtifactRef) -> list[bool]:
    return [pod.store.path(ref).exists() for ref in refs]


def test_what_a_link_stands_for_stays_and_the_rest_goes(pod: Pod) -> None:
    linked, loose = make(pod, "adapter", 1), make(pod, "adapter", 2)
    link(pod, linked)

    found = upkeep.gc(pod, NOW)

    assert left(pod, linked, loose) == [True, False]
    assert (found.removed["adapter"].count, found.kept["adapter"].count) == (1, 1)
    assert found.freed_bytes > 1000


@pytest.mark.parametrize(
    "name",
    ["output/adapters_gguf/Leases.gguf", "output/candidates/x.gguf", "peft/merged", "models/m.gguf",
     "output/parity/Leases", "qa/report.html"],
)  # fmt: skip
def test_every_folder_of_links_counts(pod: Pod, name: str) -> None:
    ref = make(pod, "adapter", 1)
    point(pod.workspace.root / name, pod.store.path(ref) / "adapter.gguf")

    upkeep.gc(pod, NOW)

    assert left(pod, ref) == [True]


def test_what_a_linked_artifact_was_made_of_stays(pod: Pod) -> None:
    pages = make(pod, "pages", 1)
    dataset = make(pod, "dataset", 1, documents=[["Leases", "sha", pages]])
    adapter = make(pod, "adapter", 1, {"passport": {"dataset": dataset.digest}})
    link(pod, make(pod, "lora-gguf", 1, adapter=adapter))

    upkeep.gc(pod, NOW)

    assert left(pod, pages, dataset, adapter) == [True, True, True]


def test_what_an_unlinked_artifact_was_made_of_goes_with_it(pod: Pod) -> None:
    dataset = make(pod, "dataset", 1)
    adapter = make(pod, "adapter", 1, dataset=dataset)

    upkeep.gc(pod, NOW)

    assert left(pod, dataset, adapter) == [False, False]


def test_a_repeated_run_over_the_same_documents_stays_cached(pod: Pod) -> None:
    """The newest verdicts, the pages that their file names, and the judgements on those."""
    old, read = make(pod, "pages", 1), make(pod, "pages", 2)
    judged, stale = (make(pod, "judgement", page.digest, pages=page) for page in (read, old))

    def fill(folder: Path) -> Mapping[str, Any]:
        (folder / "verdicts.json").write_text(json.dumps([read.model_dump()]))
        return {}

    verdicts = pod.store.once("verdicts", Stage("pdf_pretest", 1), {"documents": ["sha"]}, fill)

    upkeep.gc(pod, NOW)

    assert left(pod, verdicts, read, judged, old, stale) == [True, True, True, False, False]


def test_the_last_versions_of_a_layer_stay_for_going_back(pod: Pod) -> None:
    refs = [version(pod, number) for number in range(5)]
    for ref in refs:
        handover.promote(pod, "Leases", ref, "better")

    upkeep.gc(pod, CollectGarbage(grace_days=0, keep=3))

    assert left(pod, *refs) == [False, False, True, True, True]
    assert handover.rollback(pod, "Leases") == refs[3]


def test_a_version_to_go_back_to_outlives_those_that_were_only_held(pod: Pod) -> None:
    refs = [version(pod, number) for number in range(5)]
    for ref in refs[:2]:
        handover.promote(pod, "Leases", ref, "better")
    for ref in refs[2:]:
        handover.hold(pod, "Leases", ref, "worse")

    upkeep.gc(pod, CollectGarbage(grace_days=0, keep=3))

    assert left(pod, *refs) == [True, True, False, False, True]


def test_an_earlier_version_keeps_its_file_but_not_its_training(pod: Pod) -> None:
    datasets = [make(pod, "dataset", number) for number in range(2)]
    refs = [version(pod, number, dataset=dataset) for number, dataset in enumerate(datasets)]
    for ref in refs:
        handover.promote(pod, "Leases", ref, "better")

    upkeep.gc(pod, NOW)

    assert left(pod, *refs) == [True, True]
    assert left(pod, *datasets) == [False, True]


def test_what_was_used_within_the_grace_stays_with_what_it_was_made_of(pod: Pod) -> None:
    dataset = make(pod, "dataset", 1)
    adapter, other = make(pod, "adapter", 1, dataset=dataset), make(pod, "adapter", 2)
    age(pod, days=8)
    pod.store.open(adapter)

    upkeep.gc(pod, CollectGarbage(grace_days=7))

    assert left(pod, adapter, dataset, other) == [True, True, False]


def test_a_look_at_the_versions_is_no_use_of_them(pod: Pod) -> None:
    refs = [version(pod, number) for number in range(3)]
    for ref in refs:
        handover.hold(pod, "Leases", ref, "worse")
    age(pod, days=8)
    handover.versions(pod)

    upkeep.gc(pod, CollectGarbage(keep=1))

    assert left(pod, *refs) == [False, False, True]


def test_a_dry_run_removes_nothing_and_says_the_same(pod: Pod) -> None:
    loose = make(pod, "adapter", 1)
    before = sorted(pod.store.root.rglob("*"))

    look = upkeep.gc(pod, CollectGarbage(grace_days=0, dry_run=True))

    assert sorted(pod.store.root.rglob("*")) == before
    assert left(pod, loose) == [True]
    assert upkeep.gc(pod, NOW).removed == look.removed


def test_a_stage_runs_again_after_its_result_was_removed(pod: Pod) -> None:
    first = make(pod, "adapter", 1)
    upkeep.gc(pod, NOW)

    assert not list((pod.store.root / "keys").glob("*"))
    assert not list((pod.store.root / "verified").glob("*"))
    assert make(pod, "adapter", 1) == first
    assert pod.store.verify(first) is None


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
        time.sleep(0.01)
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
