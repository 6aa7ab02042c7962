"""The cache of set-up: one file a shelf, made once, whole or not there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import shelf

SCRIPTS = Path(shelf.__file__).parent


class Maker:
    """Makes the file, and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, folder: Path) -> Path:
        self.made += 1
        file = folder / "a.whl"
        file.write_bytes(b"wheel" * 1000)
        return file


def test_what_was_made_once_is_not_made_again(tmp_path: Path) -> None:
    make = Maker()

    files = [shelf.cached(tmp_path / "wheels" / "key", make) for _ in range(3)]

    assert make.made == 1
    assert set(files) == {tmp_path / "wheels" / "key" / "a.whl"}


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _flip(file: Path) -> None:
    file.write_bytes(b"W" + file.read_bytes()[1:])


def _forget_the_sum(file: Path) -> None:
    (file.parent / shelf.SUMS).unlink()


def _scribble_over_the_sum(file: Path) -> None:
    (file.parent / shelf.SUMS).write_text("")


@pytest.mark.parametrize(
    "damage", [_cut, _flip, Path.unlink, _forget_the_sum, _scribble_over_the_sum]
)
def test_what_is_damaged_is_made_again(damage, tmp_path: Path) -> None:  # noqa: ANN001
    make = Maker()
    damage(shelf.cached(tmp_path / "key", make))

    again = shelf.cached(tmp_path / "key", make)

    assert make.made == 2
    assert again.read_bytes() == b"wheel" * 1000


def test_the_sum_is_one_that_sha256sum_reads(tmp_path: Path) -> None:
    file = shelf.cached(tmp_path / "key", Maker())

    subprocess.run(
        ["/usr/bin/sha256sum", "--check", "--quiet", shelf.SUMS], cwd=file.parent, check=True
    )


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> Path:
        (folder / "half.whl").touch()
        raise InterruptedError

    with pytest.raises(InterruptedError):
        shelf.cached(tmp_path / "key", fail)

    assert list(tmp_path.iterdir()) == []


def test_a_build_that_is_killed_shows_nothing(tmp_path: Path) -> None:
    killed = (
        "import os, pathlib, shelf\n"
        "def make(folder):\n"
        "    (folder / 'a.whl').write_bytes(b'half')\n"
        "    os.kill(os.getpid(), 9)\n"
        f"shelf.cached(pathlib.Path({str(tmp_path / 'key')!r}), make)\n"
    )

    ended = subprocess.run([sys.executable, "-c", killed], cwd=SCRIPTS, check=False)

    assert ended.returncode == -signal.SIGKILL
    assert shelf.kept(tmp_path / "key") is None
    assert shelf.cached(tmp_path / "key", Maker()).read_bytes() == b"wheel" * 1000


def test_of_two_builds_at_once_the_first_is_kept_and_used_by_both(tmp_path: Path) -> None:
    first = Maker()

    def overtaken(folder: Path) -> Path:
        shelf.cached(tmp_path / "key", first)
        file = folder / "a.whl"
        file.write_bytes(b"of the second")
        return file

    used = shelf.cached(tmp_path / "key", overtaken)

    assert used.read_bytes() == b"wheel" * 1000
    assert [tmp_path / "key"] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"XDG_CACHE_HOME": "{}/xdg", "HOME": "{}/home"}, "xdg/lamina"),
        ({"HOME": "{}/home"}, "home/.cache/lamina"),
        ({}, "venv"),
        ({"HOME": "/dev/null"}, "venv"),
    ],
)
def test_the_cache_is_the_users_where_it_can_be_written(
    environment: dict[str, str], place: str, tmp_path: Path
) -> None:
    named = {name: value.format(tmp_path) for name, value in environment.items()}

    assert shelf.folder(named, otherwise=tmp_path / "venv") == tmp_path / place
