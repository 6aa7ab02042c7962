"""Whatever a file does to its reader, it ends as a problem on record and the next one is read."""

import os
import signal
import threading
from pathlib import Path

import paper
import pytest

from lamina.corpus.documents import Document
from lamina.corpus.isolation import Readers, ReadingLimits
from lamina.corpus.warden import _await_end
from lamina.text.pages import DocumentFormat


def document(path: Path, form: DocumentFormat = "pdf") -> Document:
    return Document(
        layer="a", name=path.name, path=str(path), digest="0" * 64, format=form, origin="raw"
    )


@pytest.fixture
def good(tmp_path: Path) -> Document:
    return document(paper.write_pdf(tmp_path / "good.pdf", [paper.PROSE]))


@pytest.fixture
def endless(tmp_path: Path) -> Document:
    """A file that nobody ever writes to: whoever opens it waits for ever."""
    os.mkfifo(tmp_path / "endless.pdf")
    return document(tmp_path / "endless.pdf")


def test_a_file_that_never_ends_is_stopped_and_the_next_one_is_read(
    endless: Document, good: Document
) -> None:
    with Readers.opened(1, ReadingLimits(base_s=3, page_s=10)) as readers:
        assert readers.read(endless).problem == "timeout"
        assert readers.read(good).problem is None


def test_a_file_that_takes_too_much_memory_is_stopped(tmp_path: Path, good: Document) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(600 << 20)  # a hole: it takes no room on the disk
    with Readers.opened(1, ReadingLimits(memory_bytes=512 << 20)) as readers:
        assert readers.read(document(path, "text")).problem == "memory"
        assert readers.read(good).problem is None


def test_a_file_over_the_limit_of_bytes_is_refused_unread(good: Document) -> None:
    with Readers.opened(1, ReadingLimits(max_bytes=100)) as readers:
        assert readers.read(good).problem == "too_large"


def test_a_file_over_the_limit_of_pages_is_refused(tmp_path: Path) -> None:
    path = paper.write_pdf(tmp_path / "x.pdf", [paper.PROSE] * 3)
    with Readers.opened(1, ReadingLimits(max_pages=2)) as readers:
        pages = readers.read(document(path))

    assert (pages.problem, pages.detail) == ("too_large", "it has 3 pages, more than 2")


def silent_child(told: bytes, ends_after_s: float) -> int:
    """The reading end of a pipe on which a child tells its pages and then works on."""
    ear, mouth = os.pipe()
    os.write(mouth, told)
    threading.Timer(ends_after_s, os.close, [mouth]).start()
    return ear


def test_the_pages_that_a_file_turns_out_to_have_buy_time() -> None:
    order = {"base_s": 0.2, "page_s": 2.0}

    assert _await_end(silent_child(b"5\n", ends_after_s=0.6), order)


def test_without_pages_the_time_is_up_early() -> None:
    order = {"base_s": 0.2, "page_s": 2.0}

    assert not _await_end(silent_child(b"0\n", ends_after_s=0.6), order)


def test_a_reader_that_is_killed_is_replaced(good: Document) -> None:
    with Readers.opened(1, ReadingLimits()) as readers:
        readers.read(good)
        for child in _children():
            os.kill(child, signal.SIGKILL)

        assert readers.read(good).problem in {None, "corrupt"}
        assert readers.read(good).problem is None


def _children() -> list[int]:
    tasks = Path(f"/proc/{os.getpid()}/task")
    found = " ".join((task / "children").read_text() for task in tasks.iterdir()).split()
    return [
        int(child)
        for child in found
        if b"lamina.corpus.warden" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def test_no_process_is_left_behind(good: Document) -> None:
    with Readers.opened(2, ReadingLimits()) as readers:
        readers.read(good)
        assert _children()

    assert _children() == []


def test_a_pipe_that_ends_with_nothing_is_no_pdf(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").touch()
    with Readers.opened(1, ReadingLimits()) as readers:
        assert readers.read(document(tmp_path / "x.pdf")).problem == "not_pdf"
