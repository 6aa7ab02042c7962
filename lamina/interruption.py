"""Ctrl-C ends a command within seconds, whatever it is waiting for, and leaves no process.

The interruption unwinds the command as any error does, so that it cleans up. Where that takes too
long (a thread that reads a large file, a library that does not listen), it leaves without: what it
had published stands, and drafts are no part of the store.
"""

import os
import signal
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from lamina.errors import StoppedError

GRACE_S = 3.0

_leaving = threading.Lock()


def listen() -> None:
    """Let Ctrl-C mean that from now on."""
    signal.signal(signal.SIGINT, _interrupt)


def leave() -> NoReturn:
    """Say that the command was stopped, and end it: its children first, no thread waited for."""
    _leaving.acquire()
    for child in _descendants(os.getpid()):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child, signal.SIGKILL)
    stopped = StoppedError()
    with suppress(OSError):
        sys.stdout.flush()
        print(stopped, file=sys.stderr, flush=True)
    os._exit(stopped.exit_code)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Unwind; leave at the second Ctrl-C, or when the time is over."""
    del number, frame
    signal.signal(signal.SIGINT, lambda *_: leave())
    watchdog = threading.Timer(GRACE_S, leave)
    watchdog.daemon = True
    watchdog.start()
    raise KeyboardInterrupt


def _descendants(parent: int) -> Iterator[int]:
    """The processes below one, as far as they are known: Linux tells, elsewhere they end alone."""
    children: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            its_parent = path.read_text().rpartition(")")[2].split()[1]
            children[int(its_parent)].append(int(path.parent.name))
    found = [parent]
    for one in found:
        found += children[one]
    yield from found[1:]
