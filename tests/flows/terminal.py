"""A command in a terminal of its own, as a person has it: what it shows, keys, how it ends."""

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE_S = 110
CTRL_C = b"\x03"  # the terminal turns it into SIGINT for its whole foreground process group


class Terminal:
    """The command runs as the leader of the session whose terminal this is."""

    def __init__(self, words: list[str], folder: Path, **environment: str) -> None:
        self.shown = ""
        self.mark = f"LAMINA_TEST_TERMINAL={folder}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAMINA_", "PREFECT_"))}
        name, _, value = self.mark.partition("=")
        self._environment = {**kept, **environment, name: value, "TERM": "xterm"}
        command = [sys.executable, "-c", "from lamina.cli import main; main()", *words]
        self.pid, self._screen = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(command[0], command, self._environment)  # noqa: S606 - the child becomes it

    def press(self, key: bytes) -> None:
        os.write(self._screen, key)

    def await_process(self, words: str) -> None:
        """Wait until a process of this terminal's has these words in its command line."""
        self._await(lambda: any(words in line for line in self.processes().values()), words)

    def await_text(self, text: str) -> None:
        self._await(lambda: text in self.shown, text)

    def end(self) -> int:
        """The exit code, once it has ended."""
        ended: list[int] = []

        def has_ended() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                ended.append(os.waitstatus_to_exitcode(status))
            return bool(pid)

        self._await(has_ended, "its end")
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

    def _await(self, done, what: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        end = time.monotonic() + PATIENCE_S
        while not done():
            self._look()
            assert time.monotonic() < end, f"waited for {what}: {self.shown}{self.processes()}"

    def _look(self) -> None:
        while select.select([self._screen], [], [], 0.05)[0]:
            try:
                self.shown += os.read(self._screen, 1 << 16).decode(errors="replace")
            except OSError:  # the other side is closed
                time.sleep(0.05)
                return


@contextmanager
def terminal(words: list[str], folder: Path, **environment: str) -> Iterator[Terminal]:
    """The command; none of its processes outlives the test, whatever that finds."""
    running = Terminal(words, folder, **environment)
    try:
        yield running
    finally:
        for pid in running.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
