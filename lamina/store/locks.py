"""Locks that a dead holder frees: flock, on files and on folders."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """The only one with this lock file, on this machine and its volume, until the block ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Hold the folder, so that nobody takes it for one that a crash left."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network volumes lock no folders; there its age speaks for it
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Whether a process holds this file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a network volume that locks no folders; there the age speaks for it
        return False
    finally:
        os.close(handle)
    return False
