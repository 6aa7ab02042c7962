"""Ctrl-C at a terminal: one sentence, the shell's exit code, and no process that goes on."""

import fcntl
import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import LAMINA, Shell

LATEST_S = 60.0  # for what must come; nothing is measured by it


class Terminal:
    """A command in the foreground of a terminal of its own."""

    def __init__(self, shell: Shell, command: Sequence[str], **environment: str) -> None:
        self.keyboard, screen = pty.openpty()
        self.shown = ""
        self.command = subprocess.Popen(
            command,
            cwd=shell.folder,
            env={**shell.environment, **environment, "TERM": "dumb"},
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads
        )
        os.close(screen)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Read the screen until something holds."""
        latest_s = time.monotonic() + LATEST_S
        while not is_so():
            assert time.monotonic() < latest_s, self.shown
            self.read()

    def read(self) -> bool:
        """Take what the screen shows by now; whether there was something."""
        if not select.select([self.keyboard], [], [], 0.05)[0]:
            return False
        try:
            self.shown += os.read(self.keyboard, 4096).decode(errors="replace")
        except OSError:  # nobody has the screen open any more
            time.sleep(0.05)
            return False
        return True

    def press_ctrl_c(self) -> int:
        """The terminal sends SIGINT to every process in its foreground; the exit code."""
        os.write(self.keyboard, b"\x03")
        self.wait_until(lambda: self.command.poll() is not None)
        while self.read():
            pass
        return self.command.returncode

    def processes(self) -> set[int]:
        """The command and all that it started."""
        found = {self.command.pid}
        while more := {pid for pid, parent in parents().items() if parent in found} - found:
            found |= more
        return found


@contextmanager
def at_terminal(shell: Shell, command: Sequence[str], **environment: str) -> Iterator[Terminal]:
    """The command in a terminal, which is closed at the end."""
    terminal = Terminal(shell, command, **environment)
    try:
        yield terminal
    finally:
        terminal.command.kill()
        terminal.command.wait()
        os.close(terminal.keyboard)


def parents() -> dict[int, int]:
    """Each living process with its parent."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(path.parent.name)] = int(parent)
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it has ended
        return ""


@pytest.fixture
def with_handbooks(shell: Shell, handbooks: Path) -> Shell:
    for layer in ("Marlow_Leasing", "Ostrava_Goodwill"):
        shutil.copytree(handbooks / layer, shell.folder / "workspace/data/raw_pdfs" / layer)
    return shell


def stops(terminal: Terminal) -> None:
    """Ctrl-C ends it as promised."""
    running = terminal.processes()

    assert terminal.press_ctrl_c() == 130, terminal.shown
    assert terminal.shown.strip().endswith("stopped; run it again to go on")
    assert "Traceback" not in terminal.shown
    terminal.wait_until(lambda: not running & set(parents()))


def test_a_server(shell: Shell, base_q4: Path) -> None:
    words = [*LAMINA, "serve", "--port", "0"]
    with at_terminal(shell, words, MODEL_PATH=str(base_q4), N_CTX="256") as terminal:
        terminal.wait_until(lambda: "listening on" in terminal.shown)

        stops(terminal)


def test_a_watcher(with_handbooks: Shell) -> None:
    with at_terminal(with_handbooks, [*LAMINA, "watch", "--settle-s", "600"]) as terminal:
        terminal.wait_until(lambda: "are not whole yet" in terminal.shown)

        stops(terminal)


@pytest.mark.parametrize(
    ("words", "child"),
    [
        (("pdf_pretest",), "lamina.corpus.warden"),
        (("convert_to_gguf",), "lamina.conversion.worker"),
        (("train_level1", "--set", "steps=500"), "lamina.training.worker"),
    ],
)
def test_a_stage_whose_work_is_done_by_another_process(
    with_handbooks: Shell, words: tuple[str, ...], child: str
) -> None:
    with at_terminal(with_handbooks, [*LAMINA, *words], LAMINA_TRAIN_WORKERS="1") as terminal:
        terminal.wait_until(lambda: any(child in command_of(pid) for pid in terminal.processes()))

        stops(terminal)


STUBBORN = """
import subprocess, threading, time
import lamina.stages.corpus as corpus
from lamina.cli import main

def find_documents(pod):
    threading.Thread(target=time.sleep, args=(600,)).start()
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    print("at work", flush=True)
    while True:
        try:
            time.sleep(600)
        except KeyboardInterrupt:
            pass

corpus.find_documents = find_documents
main()
"""


def test_what_does_not_listen_is_not_waited_for(shell: Shell) -> None:
    """Such as a library that swallows the interruption, and a thread that reads a large file."""
    with at_terminal(shell, [sys.executable, "-c", STUBBORN, "pdf_pretest"]) as terminal:
        terminal.wait_until(lambda: "at work" in terminal.shown)

        stops(terminal)
