"""How a command ends: one sentence for what can be foreseen, a trace for what cannot."""

import errno
import shutil
from pathlib import Path

import pytest
from command_line import Lamina, refuses

from lamina.disk import check_disk
from lamina.errors import ResourceError, foreseen, size


def disk_error(number: int, name: str | None = "/w/x") -> OSError:
    return OSError(number, "as the system says", name)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (disk_error(errno.ENOSPC), "the disk under /w/x is full; free some space"),
        (disk_error(errno.EDQUOT, None), "the disk is full; free some space"),
        (disk_error(errno.EROFS), "/w/x cannot be used .*LAMINA_WORKSPACE"),
        (disk_error(errno.EACCES), "/w/x cannot be used .*correct its permissions"),
        (MemoryError(), "memory ran out; end other programs, and run again"),
    ],
)
def test_what_the_machine_lacks_is_told_with_its_remedy(
    lamina: Lamina, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("lamina.stages.corpus.find_documents", broken)
    done = lamina("pdf_pretest")

    refuses(done, said)
    assert done.exit_code == ResourceError.exit_code


def test_a_fault_of_laminas_own_keeps_its_trace(
    lamina: Lamina, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamina.stages.corpus.find_documents", lambda _: 1 / 0)

    assert isinstance(lamina("pdf_pretest").exception, ZeroDivisionError)


def test_debug_shows_the_trace_of_a_mistake_too(lamina: Lamina) -> None:
    assert "no PDFs" in str(lamina("--debug", "pdf_pretest").exception)
    assert "no PDFs" in str(lamina("pdf_pretest", "--debug").exception)


def test_an_interruption_has_the_shells_exit_code() -> None:
    told = foreseen(KeyboardInterrupt())

    assert told is not None
    assert (str(told), told.exit_code) == ("stopped; run it again to go on", 130)


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (5_400_000, "5.4 MB"),
        (14.5e9, "14.5 GB"),
        (2e12, "2.0 TB"),
    ],
)
def test_a_size_is_told_in_a_unit_that_shows_it(n_bytes: float, said: str) -> None:
    assert size(n_bytes) == said


def test_too_little_room_is_told_in_such_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=6_300_000))
    check_disk("merging", tmp_path, 6_300_000)

    with pytest.raises(ResourceError, match=r"about 10\.8 MB under .*, but 6\.3 MB are free"):
        check_disk("merging", tmp_path, 10_800_000)
