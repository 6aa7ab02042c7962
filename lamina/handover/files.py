"""Carries files to a folder: of this machine, of a shared volume, or of an SFTP server.

Bytes are written at the place where they belong, never appended: a connection that is thought dead
may still deliver what it holds, and then writes what is there already.
"""

import os
import posixpath
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

from lamina.errors import DamagedError, NotFoundError
from lamina.handover.carrier import BLOCK_BYTES, Listed, Meter, Source

_TAIL_BYTES = 1 << 16  # of a part that stands there, compared before it is gone on with


class FileCarrier:
    """A file system of fsspec that can write at an offset and rename over a file."""

    def __init__(self, system: Any, root: str) -> None:  # noqa: ANN401 - fsspec has no types
        self._system = system
        self._root = root

    def size(self, path: str) -> int | None:
        """Bytes of a file."""
        try:
            return int(self._system.info(self._full(path))["size"])
        except FileNotFoundError:
            return None

    def names(self, folder: str) -> list[str]:
        """The files below a folder."""
        return sorted(one.name for one in self.listing(folder))

    def listing(self, folder: str) -> list[Listed]:
        """The same with their sizes and times."""
        full = self._full(folder).rstrip("/")
        try:
            found = self._system.find(full, detail=True)
        except FileNotFoundError:
            return []
        return [
            Listed(posixpath.relpath(str(path), full), int(info["size"]), _seconds(info["mtime"]))
            for path, info in found.items()
        ]

    def read(self, path: str, start: int, limit: int) -> Iterator[bytes]:
        """A file's bytes from `start` on."""
        with self._system.open(self._full(path), "rb") as file:
            if hasattr(file, "prefetch"):  # SFTP
                from lamina.handover.ssh import read_ahead

                yield from read_ahead(file, start, min(file.stat().st_size, start + limit))
                return
            file.seek(start)
            while limit and (block := file.read(min(BLOCK_BYTES, limit))):
                limit -= len(block)
                yield block

    def write(self, path: str, content: bytes) -> None:
        """Put a small file."""
        part = f"parts/{uuid4().hex}"
        self._make_folders(part, path)
        with self._opened(part, "wb") as file:
            file.write(content)
        if self.size(part) != len(content):
            raise _cut_short(path)
        self._system.mv(self._full(part), self._full(path))

    def send(self, path: str, source: Source, part: str, meter: Meter) -> None:
        """Put a file; goes on with `part` where it ends."""
        self._make_folders(part, path)
        start = position = self._resumable(part, source)
        meter.sure(start)
        try:
            with self._opened(part, "r+b" if start else "wb") as file:
                file.seek(start)
                for block in source.blocks(start):
                    file.write(block)
                    position += len(block)
                    meter.at(position)
        except DamagedError:
            self.remove(part)
            raise
        if self.size(part) != source.entry.size_bytes:
            raise _cut_short(path)
        self._system.mv(self._full(part), self._full(path))

    def remove(self, path: str) -> None:
        """Take a file away."""
        with suppress(FileNotFoundError):
            self._system.rm_file(self._full(path))

    def remove_folder(self, path: str) -> None:
        """Take away a folder with nothing but empty folders in it."""
        full = self._full(path)
        with suppress(OSError):
            for below in sorted(self._system.find(full, withdirs=True), key=len, reverse=True):
                self._system.rmdir(below)
            self._system.rmdir(full)

    def close(self) -> None:
        """End the connection, where there is one."""
        if client := getattr(self._system, "client", None):
            client.close()

    def _full(self, path: str) -> str:
        return posixpath.join(self._root, path)

    def _opened(self, path: str, mode: str) -> Any:  # noqa: ANN401 - a file of fsspec's
        file = self._system.open(self._full(path), mode)
        if hasattr(file, "set_pipelined"):
            file.set_pipelined(pipelined=True)  # SFTP: do not wait for the answer to each 32 KiB
        return _Synced(file) if hasattr(file, "fileno") else file

    def _resumable(self, part: str, source: Source) -> int:
        """How much of the file stands under `part`, if it is this file."""
        size = self.size(part) or 0
        if not 0 < size <= source.entry.size_bytes:
            return 0
        tail = source.tail(size, _TAIL_BYTES)
        there = b"".join(self.read(part, size - len(tail), len(tail)))
        return size if there == tail else 0

    def _make_folders(self, *paths: str) -> None:
        """Make the folders of these files; the folder that holds the depot must be there."""
        for path in paths:
            self._make_folder(posixpath.dirname(path))

    def _make_folder(self, folder: str) -> None:
        full = self._full(folder).rstrip("/")
        if self._is_there(full):
            return
        if folder:
            self._make_folder(posixpath.dirname(folder))
        elif not self._is_there(posixpath.dirname(full) or "."):
            msg = (
                f"{posixpath.dirname(full)}, which is to hold the depot, is not there; "
                "mount the volume, make the folder, or correct LAMINA_STORE_URL"
            )
            raise NotFoundError(msg)
        try:
            self._system.mkdir(full, create_parents=False)
        except OSError:  # another pod was faster, or it cannot be made
            if not self._is_there(full):
                raise

    def _is_there(self, full: str) -> bool:
        """Unlike the `exists` of fsspec, which takes a broken connection for a missing file."""
        try:
            self._system.info(full)
        except FileNotFoundError:
            return False
        return True


def _seconds(told: Any) -> float:  # noqa: ANN401 - SFTP gives a date, a folder seconds
    return float(told.timestamp() if hasattr(told, "timestamp") else told)


def _cut_short(path: str) -> ConnectionError:
    return ConnectionError(f"{path} arrived only in part")


class _Synced:
    """A file that is on the disk when it is closed."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 - a file of fsspec's
        self._file = file

    def __enter__(self) -> Any:  # noqa: ANN401 - the same
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
