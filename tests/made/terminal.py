"""A command in a terminal of its own, as a person has it: what it shows, keys, how it ends."""

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

LAMINA = (sys.executable, "-c", "from lamina.cli import main; main()")
PATIENCE_S = 110
CTRL_C = b"\x03"  # the terminal turns it into SIGINT for its whole foreground process group


class Terminal:
    """The command runs as the leader of the session whose terminal this is."""

    def __init__(
        self, words: Sequence[str], folder: Path, program: Sequence[str], **environment: str
    ) -> None:
        self.shown = ""
        self.mark = f"LAMINA_TEST_TERMINAL={folder}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAMINA_", "PREFECT_"))}
        name, _, value = self.mark.partition("=")
        told = {**kept, **environment, name: value, "TERM": "xterm"}
        self.pid, self._screen = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(program[0], [*program, *words], told)  # noqa: S606 - the child becomes it

    def press(self, key: bytes) -> None:
        os.write(self._screen, key)

    def await_process(self, words: str) -> None:
        """Wait until a process of this terminal's has these words in its command line."""
        self.await_it(lambda: any(words in line for line in self.processes().values()), words)

    def await_text(self, text: str) -> None:
        self.await_it(lambda: text in self.shown, text)

    def await_it(self, done: Callable[[], object], what: str) -> None:
        """Wait until something is so, while what is shown is read."""
        end = time.monotonic() + PATIENCE_S
        while not done():
            self._look()
            assert time.monotonic() < end, f"waited for {what}: {self.shown}{self.processes()}"

    def end(self) -> int:
        """The exit code, once it has ended."""
        ended: list[int] = []

        def has_ended() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                ended.append(os.waitstatus_to_exitcode(status))
            return bool(pid)

        self.await_it(has_ended, "its end")
        self._look()
        os.close(self._screen)
        return ended[0]

    def processes(self) -> dict[int, str]:
        """Every process that the command has started, or their children: pid to command line."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if self.mark.encode() in (path / "environ").read_bytes().split(b"\0"):
                    line = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(path.name)] = line
        return found

    def _look(self) -> None:
        while select.select([self._screen], [], [], 0.05)[0]:
            try:
                self.shown += os.read(self._screen, 1 << 16).decode(errors="replace")
            except OSError:  # the other side is closed
                time.sleep(0.05)
                return


@contextmanager
def terminal(
    words: Sequence[str], folder: Path, program: Sequence[str] = LAMINA, **environment: str
) -> Iterator[Terminal]:
    """The command; none of its processes outlives the test, whatever that finds."""
    running = Terminal(words, folder, program, **environment)
    try:
        yield running
    finally:
        for pid in running.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def stopped_cleanly(running: Terminal) -> None:
    """Ctrl-C ends it as promised: one sentence, the shell's exit code, and no process left."""
    running.press(CTRL_C)
    code = running.end()

    assert code == 130, running.shown
    assert running.shown.rstrip().endswith("stopped; run it again to go on")
    assert "Traceback" not in running.shown
    assert "Error" not in running.shown
    assert running.processes() == {}
