"""A file of JSON lines that is only ever added to: what many runs share.

Each line stands under a key. A run that is killed in the middle of a line costs that line: it is
not counted, and the next one who adds begins on a new line. Lines of several processes do not mix.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

CELLS = "cells"  # the folder of a store in which measurements lie
PASSAGES = "passages"  # and what was made of single passages of documents
_BEGIN = b'{"key":"'
Entry: TypeAlias = tuple[str, Mapping[str, Any]]


class Ledger:
    """One file of lines. `about` is its first line and says to a reader what the file holds."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self.path = path
        self._about = about

    def read(self) -> dict[str, bytes]:
        """Every whole line by its key, the last one where a key stands twice.

        Lines are not parsed here, so that 64,000 cost milliseconds: `entry` does it.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return {}
        return _by_key(lines)

    def add(self, entries: Iterable[Entry]) -> dict[str, bytes]:
        """Add lines; they are on the disk when this returns. Gives them as `read` does."""
        text = "".join(_line({"key": key, **value}) for key, value in entries)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write((self._before(file) + text).encode())
            file.flush()
            os.fsync(file.fileno())
        return _by_key(text.encode().split(b"\n"))

    def _before(self, file: BinaryIO) -> str:
        """What must be written first: the head of a new file, or the end of a broken line."""
        size = file.seek(0, os.SEEK_END)
        if not size:
            return _line({"about": self._about})
        file.seek(size - 1)
        return "" if file.read(1) == b"\n" else "\n"


def entry(line: bytes) -> dict[str, Any] | None:
    """The value of a line; None where a crash left no JSON in it."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _by_key(lines: Iterable[bytes]) -> dict[str, bytes]:
    return {
        line.split(b'"', 4)[3].decode("ascii", "replace"): line
        for line in lines
        if line.startswith(_BEGIN) and line.endswith(b"}")
    }


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
