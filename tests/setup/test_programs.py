"""The programs that set-up runs: watched, kept on record, and ended with it."""

import subprocess
import threading
import time
from pathlib import Path

import pytest
from programs import LAST_LINES, Programs


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path / "log")


def test_each_line_is_heard_and_kept(programs: Programs, tmp_path: Path) -> None:
    heard: list[str] = []

    programs.run(["/bin/sh", "-c", "echo one; echo two >&2"], heard.append)

    assert heard == ["one\n", "two\n"]
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def test_a_program_that_fails_is_an_error_with_its_last_lines(programs: Programs) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        programs.run(["/bin/sh", "-c", "seq 100; exit 7"])

    assert failed.value.returncode == 7
    assert failed.value.output.split() == [str(n) for n in range(101 - LAST_LINES, 101)]


def test_what_runs_is_ended_with_all_that_it_started(programs: Programs) -> None:
    started: list[str] = []
    failed: list[subprocess.CalledProcessError] = []

    def run() -> None:
        try:
            programs.run(["/bin/sh", "-c", "/bin/sleep 100 & echo $!; wait"], started.append)
        except subprocess.CalledProcessError as error:
            failed.append(error)

    runner = threading.Thread(target=run)
    runner.start()
    while not started:
        time.sleep(0.01)

    programs.end()
    runner.join()

    assert len(failed) == 1
    while not _ended(int(started[0])):  # the signal is on its way: for ever, if it was never sent
        time.sleep(0.01)


def test_after_the_end_nothing_is_started(programs: Programs, tmp_path: Path) -> None:
    programs.end()

    with pytest.raises(subprocess.CalledProcessError):
        programs.run(["/usr/bin/touch", str(tmp_path / "started")])

    assert not (tmp_path / "started").exists()


def _ended(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"
