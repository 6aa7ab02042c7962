"""The programs that a set-up runs: their lines are kept and watched, and none outlives it."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

LAST_LINES = 30
GRACE_S = 5


class Programs:
    """Runs programs from several threads at once, until they are ended."""

    def __init__(self, log: Path) -> None:
        log.write_text("")
        self._log = log
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False
        self._lock = threading.Lock()

    def run(
        self,
        command: list[str],
        each_line: Callable[[str], None] = lambda _: None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Run `command` to its end; CalledProcessError with its last lines where it fails."""
        with self._lock:
            if self._ended:
                raise subprocess.CalledProcessError(-signal.SIGINT, command)
            # A session of its own, so that its compilers are ended with it.
            program = subprocess.Popen(
                command,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                text=True, errors="replace", start_new_session=True,
                env={**environment, "PYTHONUNBUFFERED": "1", "PIP_PROGRESS_BAR": "off"},
            )  # fmt: skip
            self._running.add(program)
        last: list[str] = []
        with program, self._log.open("a") as log:
            for line in program.stdout or ():
                log.write(line)
                last = [*last[1 - LAST_LINES :], line]
                each_line(line)
        code = program.returncode
        with self._lock:
            self._running.discard(program)
        if code:
            raise subprocess.CalledProcessError(code, command, output="".join(last))

    def end(self) -> None:
        """End what still runs, with all that it started, and start nothing more."""
        with self._lock:
            self._ended = True
            for program in self._running:
                with suppress(ProcessLookupError):  # it ended by itself a moment ago
                    os.killpg(program.pid, signal.SIGINT)  # pip takes its temporary folders along
            for program in self._running:  # what a shell sent to the background does not listen
                with suppress(subprocess.TimeoutExpired):
                    program.wait(GRACE_S)
                with suppress(ProcessLookupError):
                    os.killpg(program.pid, signal.SIGKILL)
