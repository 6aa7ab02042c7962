"""The store's promises: by content, once, whole or not at all."""

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError, NotFoundError, ResourceError
from lamina.store import MANIFEST, Stage, Store, point

STAGE = Stage("weigh", 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


class Scale:
    """A stage body that counts how often it ran."""

    def __init__(self, text: str = "12 kg") -> None:
        self.text = text
        self.runs = 0

    def __call__(self, folder: Path) -> Mapping[str, Any]:
        self.runs += 1
        (folder / "weight.txt").write_text(self.text)
        return {"unit": "kg"}


def test_equal_inputs_run_the_stage_once(store: Store) -> None:
    scale = Scale()

    first = store.once("weight", STAGE, {"item": "a"}, scale)
    second = store.once("weight", STAGE, {"item": "a"}, scale)

    assert first == second
    assert scale.runs == 1


def test_another_input_runs_it_again(store: Store) -> None:
    scale = Scale()

    store.once("weight", STAGE, {"item": "a"}, scale)
    store.once("weight", STAGE, {"item": "b"}, scale)

    assert scale.runs == 2


def test_a_raised_stage_version_runs_it_again(store: Store) -> None:
    scale = Scale()

    store.once("weight", STAGE, {"item": "a"}, scale)
    store.once("weight", Stage("weigh", 2), {"item": "a"}, scale)

    assert scale.runs == 2


def test_equal_content_has_one_digest_whatever_made_it(store: Store) -> None:
    first = store.once("weight", STAGE, {"item": "a"}, Scale())
    second = store.once("weight", STAGE, {"item": "b"}, Scale())

    assert first == second


def test_the_facts_belong_to_the_content(store: Store) -> None:
    def in_pounds(folder: Path) -> Mapping[str, Any]:
        (folder / "weight.txt").write_text("12 kg")
        return {"unit": "lb"}

    assert store.once("weight", STAGE, {"item": "a"}, Scale()) != store.once(
        "weight", STAGE, {"item": "b"}, in_pounds
    )


def test_a_flipped_byte_is_noticed_and_the_stage_runs_again(store: Store) -> None:
    scale = Scale()
    ref = store.once("weight", STAGE, {"item": "a"}, scale)
    path = store.path(ref) / "weight.txt"

    path.write_text("13 kg")

    assert not store.holds(ref)
    with pytest.raises(DamagedError, match=r"weight\.txt has another content"):
        store.open(ref)
    assert store.once("weight", STAGE, {"item": "a"}, scale) == ref
    assert scale.runs == 2
    assert path.read_text() == "12 kg"


def test_a_deleted_artifact_is_made_again(store: Store) -> None:
    scale = Scale()
    ref = store.once("weight", STAGE, {"item": "a"}, scale)
    (store.path(ref) / "weight.txt").unlink()

    assert store.recall(STAGE, {"item": "a"}) is None
    store.once("weight", STAGE, {"item": "a"}, scale)

    assert store.holds(ref)


def test_what_is_recalled_with_its_manifest_is_whole(store: Store) -> None:
    ref = store.once("weight", STAGE, {"item": "a"}, Scale())
    recalled = store.recall_manifest(STAGE, {"item": "a"})
    assert recalled == store.manifest(ref)
    assert store.recall_manifest(STAGE, {"item": "b"}) is None

    (store.path(ref) / "weight.txt").write_text("13 kg and more")

    assert store.recall_manifest(STAGE, {"item": "a"}) is None


def test_damage_that_hides_behind_equal_size_and_time_is_found_by_verify(store: Store) -> None:
    ref = store.once("weight", STAGE, {"item": "a"}, Scale())
    path = store.path(ref) / "weight.txt"
    status = path.stat()
    with path.open("r+") as file:
        file.write("13")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert store.verify(ref) == "weight.txt has another content"


def test_without_a_manifest_nothing_is_there(store: Store) -> None:
    ref = store.once("weight", STAGE, {"item": "a"}, Scale())
    (store.path(ref) / MANIFEST).unlink()

    with pytest.raises(NotFoundError, match="is not in the store"):
        store.open(ref)


def test_a_stage_that_fails_leaves_nothing_behind(store: Store) -> None:
    def breaks(folder: Path) -> Mapping[str, Any]:
        (folder / "half.txt").write_text("half")
        raise RuntimeError("out of paper")

    with pytest.raises(RuntimeError, match="out of paper"):
        store.once("weight", STAGE, {"item": "a"}, breaks)

    assert not list((store.root / "tmp").iterdir())
    assert not (store.root / "weight").exists()
    assert store.recall(STAGE, {"item": "a"}) is None


def test_a_store_that_cannot_be_written_says_so_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ResourceError, match="LAMINA_WORKSPACE"):
        Store(tmp_path / "file" / "store").once("weight", STAGE, {}, Scale())


def _slow(root: Path, log: Path, seconds: float) -> None:
    def make(folder: Path) -> Mapping[str, Any]:
        with log.open("a") as file:
            file.write("ran\n")
        time.sleep(seconds)
        (folder / "weight.txt").write_text("12 kg")
        return {}

    Store(root).once("weight", STAGE, {"item": "a"}, make)


def test_two_processes_with_one_key_do_the_work_once(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_slow, args=(store.root, log, 0.3)) for _ in range(4)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)

    assert log.read_text() == "ran\n"


def test_a_killed_holder_blocks_nobody(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log"
    holder = multiprocessing.get_context("fork").Process(target=_slow, args=(store.root, log, 60))
    holder.start()
    while not log.exists():
        time.sleep(0.01)
    os.kill(holder.pid or 0, signal.SIGKILL)
    holder.join(5)

    _slow(store.root, log, 0)

    assert log.read_text() == "ran\nran\n"


def test_a_view_is_swapped_in_one_step(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text(name)
    view = tmp_path / "views" / "layer"

    point(view, tmp_path / "old")
    point(view, tmp_path / "new")

    assert (view / "x").read_text() == "new"
    assert not view.readlink().is_absolute()


def test_a_view_never_replaces_what_is_not_a_link(tmp_path: Path) -> None:
    view = tmp_path / "layer"
    view.mkdir()

    with pytest.raises(ResourceError, match="is not one of Lamina's links"):
        point(view, tmp_path / "target")


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63])
def test_a_reference_holds_nothing_but_a_digest(digest: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        ArtifactRef(kind="weight", digest=digest)
