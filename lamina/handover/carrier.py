"""What the depot's side must be able to do, whatever carries the bytes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lamina.artifacts import FileEntry
from lamina.errors import DamagedError

BLOCK_BYTES = 1 << 20


class Meter(Protocol):
    """Hears how far a file is, in bytes from its beginning."""

    def sure(self, position: int) -> None:
        """So much has arrived for certain."""

    def at(self, position: int) -> None:
        """So much was handed to the network."""


@dataclass(frozen=True)
class Source:
    """A file of this pod's store, about to be sent."""

    path: Path
    entry: FileEntry

    def blocks(self, start: int = 0, size_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
        """The bytes from `start` on, hashed from the first byte to the last as they are read.

        Raises:
            DamagedError: at the end, if they are not what the manifest says.

        """
        told = hashlib.sha256()
        with self.path.open("rb") as file:
            while file.tell() < start:
                told.update(file.read(min(BLOCK_BYTES, start - file.tell())))
            while block := file.read(size_bytes):
                told.update(block)
                yield block
        if told.hexdigest() != self.entry.sha256:
            msg = f"{self.path} has changed since it was made; run the stage that makes it again"
            raise DamagedError(msg)

    def tail(self, end: int, size_bytes: int) -> bytes:
        """The bytes just before `end`."""
        with self.path.open("rb") as file:
            file.seek(max(0, end - size_bytes))
            return file.read(end - file.tell())


@dataclass(frozen=True)
class Listed:
    """A file of the depot as a listing has it."""

    name: str
    size_bytes: int
    written_s: float  # Unix time by the depot's own clock


class Carrier(Protocol):
    """One connection to the depot. Paths are relative to its root. It may break at any call."""

    def size(self, path: str) -> int | None:
        """Bytes of a file; None where there is none."""

    def names(self, folder: str) -> list[str]:
        """The files below a folder at any depth, relative to it; none where it is not there."""

    def listing(self, folder: str) -> list[Listed]:
        """The same with their sizes and times."""

    def read(self, path: str, start: int, limit: int) -> Iterator[bytes]:
        """A file's bytes from `start` on, `limit` of them at most."""

    def write(self, path: str, content: bytes) -> None:
        """Put a small file, whole or not at all."""

    def send(self, path: str, source: Source, part: str, meter: Meter) -> None:
        """Put a file, whole or not at all; what arrived under `part` before is not sent again."""

    def remove(self, path: str) -> None:
        """Take a file away; it may be gone already."""

    def remove_folder(self, path: str) -> None:
        """Take away a folder that is empty, where there are folders; else it stays."""

    def close(self) -> None:
        """End the connection."""
