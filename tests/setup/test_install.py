"""What set-up says while it works."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import install
import pytest
from install import Packages, requirements, tell

PIP = """\
Looking in links: /wheels
Collecting torch==2.13.0 (from -c constraints.txt (line 1))
  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (191.8 MB)
Requirement already satisfied: numpy in /venv/lib (from torch==2.13.0) (2.4.6)
Collecting torch==2.13.0 (from peft)
Collecting typing_extensions>=4.5 (from torch)
"""


def packages() -> Packages:
    def run(command: list[str], each_line=None, environment=None) -> None:  # noqa: ANN001
        del command, environment
        for line in PIP.splitlines(keepends=True):
            each_line(line)

    return Packages(run, [])


def test_each_package_counts_once() -> None:
    pip = packages()
    every = sum("==" in line for line in install.CONSTRAINTS.read_text().splitlines())

    for line in PIP.splitlines(keepends=True):
        pip.listen(line)

    assert str(pip) == f"3 of {every} fetched"


def test_while_pip_says_nothing_the_installed_ones_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip = packages()
    monkeypatch.setattr(install, "SITE", tmp_path)
    (tmp_path / "old-1.dist-info").mkdir()

    pip.listen("Installing collected packages: torch, numpy, peft\n")
    (tmp_path / "torch-2.13.0.dist-info").mkdir()

    assert str(pip) == "1 of 3 installed"


def test_llama_cpp_is_left_to_its_own_wheel() -> None:
    named = requirements()

    assert any(line.startswith("torch==") for line in named)
    assert not any(line.startswith("llama") for line in named)


def test_it_says_how_far_it_is_again_and_again_in_plain_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = threading.Event()
    news = iter(range(1, 100))

    def count() -> str:
        number = next(news)
        if number == 3:
            told.set()
        return f"llama.cpp: {number} of 83 steps"

    with ThreadPoolExecutor() as pool:
        tell([pool.submit(told.wait)], count, since=time.monotonic(), every_s=0.01)

    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"setup 0:00 llama.cpp: {number} of 83 steps" for number in (1, 2, 3)]


def test_half_of_what_is_promised_lies_between_two_words() -> None:
    assert install.EVERY_S <= 15


def test_one_job_that_fails_is_told_at_once() -> None:
    never = threading.Event()
    failure = ThreadPoolExecutor().submit(lambda: 1 / 0)

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(never.wait)
        with pytest.raises(ZeroDivisionError):
            tell([waiting, failure], lambda: "", since=0)
        never.set()
