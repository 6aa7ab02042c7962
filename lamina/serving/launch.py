"""Starts a server as a child process that never outlives its parent. No llama.cpp here."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO

from lamina import errors
from lamina.errors import BusyError, LaminaError
from lamina.layer_server import hear

READY_LINE = "listening on "


def answers(url: str, timeout_s: float = 1.0) -> bool:
    """Whether a ready Lamina server answers at this address."""
    return hear(f"{url.rstrip('/')}/ready", within_s=timeout_s).status == HTTPStatus.OK


@contextmanager
def running_server(  # noqa: PLR0913 - the flags of the server
    model: Path,
    *,
    adapters: Path | None = None,
    allowed_roots: Sequence[Path] = (),
    n_ctx: int = 4096,
    n_threads: int | None = None,
    n_parallel: int | None = None,
    more: Sequence[str] = (),
    log: Callable[[str], None] | None = None,
    ready_within_s: float = 300.0,
) -> Iterator[str]:
    """A server on a free port of the loopback address; gives its URL, and stops it at the end.

    The child is bound to the calling thread: the kernel ends it when that thread is gone.

    `log` receives each line that the server writes to standard error.

    Raises:
        LaminaError: what the server said when it could not start, with its kind of error.
        BusyError: it was not ready in time.

    """
    flags: list[object] = ["--model", model, "--n_ctx", n_ctx]
    flags += ["--adapters-dir", adapters] if adapters else []
    flags += ["--n_threads", n_threads] if n_threads else []
    flags += ["--n_parallel", n_parallel] if n_parallel else []
    for root in allowed_roots:
        flags += ["--allowed-root", root]
    child = _started([*map(str, flags), *more])
    complaints: list[str] = []
    assert child.stderr  # noqa: S101 - opened as pipe
    reading = threading.Thread(target=_keep, args=(child.stderr, complaints, log), daemon=True)
    reading.start()
    try:
        yield _wait_until_ready(child, ready_within_s, reading, complaints)
    finally:
        _end(child, reading)


def _started(flags: Sequence[str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "lamina.serving", "--port", "0", *flags]
    return subprocess.Popen(
        [*command, "--die-with-parent", str(os.getpid())],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "LAMINA_HOST": "127.0.0.1"},
    )


def _wait_until_ready(
    child: "subprocess.Popen[str]",
    within_s: float,
    reading: threading.Thread,
    complaints: list[str],
) -> str:
    lines: queue.Queue[str | None] = queue.Queue()
    assert child.stdout  # noqa: S101 - opened as pipe
    threading.Thread(target=_feed, args=(child.stdout, lines), daemon=True).start()
    try:
        line = lines.get(timeout=within_s)
    except queue.Empty:
        msg = f"the server was not ready within {within_s:g} s; look at its log, then try again"
        raise BusyError(msg) from None
    if line is None:
        reading.join(5)
        raise _complaint(child.wait(), complaints)
    return line.removeprefix(READY_LINE).strip()


def _keep(pipe: IO[str], lines: list[str], log: Callable[[str], None] | None) -> None:
    """Read to the end, so that the child never waits; keep the last lines."""
    for line in pipe:
        lines.append(line.rstrip())
        del lines[:-20]
        if log:
            log(lines[-1])


def _feed(pipe: IO[str], lines: "queue.Queue[str | None]") -> None:
    for line in pipe:
        if line.startswith(READY_LINE):
            lines.put(line)
    lines.put(None)


def _complaint(code: int, complaints: list[str]) -> LaminaError:
    """The child's last words as the error that its exit code stands for."""
    silent = f"the server ended with code {code}; look at its log"
    said = complaints[-1].removeprefix("error: ") if complaints else silent
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in kinds:
        if issubclass(kind, LaminaError) and kind.exit_code == code:
            return kind(said)
    return LaminaError(said)


def _end(child: "subprocess.Popen[str]", reading: threading.Thread) -> None:
    if child.poll() is None:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(20)
    if child.poll() is None:
        child.kill()
        child.wait()
    reading.join(5)
    for pipe in (child.stdout, child.stderr):
        if pipe:
            pipe.close()
