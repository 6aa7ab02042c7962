"""What set-up says while it works."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import install
import pytest
from install import Packages, pinned, requirements, tell

PIP = """\
Looking in links: /wheels
Collecting torch==2.13.0 (from -c constraints.txt (line 1))
  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (191.8 MB)
Requirement already satisfied: numpy in /venv/lib (from torch==2.13.0) (2.4.6)
Collecting torch==2.13.0 (from peft)
Collecting typing_extensions>=4.5 (from torch)
"""


def packages(asked: list[list[str]] | None = None) -> Packages:
    def run(command: list[str], each_line=None, environment=None) -> None:  # noqa: ANN001
        del environment
        if asked is not None:
            asked.append(command)
        for line in PIP.splitlines(keepends=True):
            if each_line:
                each_line(line)

    return Packages(run, [])


def test_each_package_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "SITE", tmp_path)
    (tmp_path / "torch-2.13.0.dist-info").mkdir()
    pip = packages()

    for line in PIP.splitlines(keepends=True):
        pip.listen(line)

    assert str(pip) == f"3 of {len(pinned())} found, 1 installed"


def test_each_pinned_package_is_one_pips_and_the_last_word_has_what_the_extras_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "SITE", tmp_path)
    asked: list[list[str]] = []
    packages(asked).install()
    *halves, last, compiled = asked

    assert sorted(pinned()) == sorted(one for half in halves for one in half if "==" in one)
    assert {*requirements(), str(install.ROOT)} <= {*last}
    assert "compileall" in compiled


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
