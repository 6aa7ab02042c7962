"""A stage runs once for equal inputs, whoever asks, and leaves nothing half-done."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from forks import at_once, ended, forked
from scale import STAGE, Scale

from lamina.errors import ResourceError
from lamina.store import Stage, Store


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

    codes = at_once([lambda: _slow(store.root, log, 0.3)] * 4)

    assert codes == [0] * 4
    assert log.read_text() == "ran\n"


def test_a_killed_holder_blocks_nobody(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log"
    holder = forked(lambda: _slow(store.root, log, 60))
    while not log.exists():
        time.sleep(0.01)
    os.kill(holder, signal.SIGKILL)
    ended(holder)

    _slow(store.root, log, 0)

    assert log.read_text() == "ran\nran\n"
