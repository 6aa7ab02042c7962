"""How far a hand-over is: for the person who watches, and for the message when it fails."""

from collections.abc import Iterable
from typing import NamedTuple

from lamina.progress import Progress

_MB = 1e6
_UNDER_WAY_BYTES = 16 << 20  # more than windows and sockets take


class Piece(NamedTuple):
    """One file that has to travel."""

    path: str
    size_bytes: int


class Tally:
    """The files that have to travel, and how many bytes of them have."""

    def __init__(self, label: str, pieces: Iterable[Piece], progress: Progress) -> None:
        self._missing = {piece.path: piece.size_bytes for piece in pieces}
        self.total_bytes = sum(self._missing.values())
        self.moved_bytes = 0  # over the network, by us
        self.files = 0
        self._progress = progress
        progress.start(label, self.total_bytes)

    def meter(self, path: str) -> "FileMeter":
        """The meter of one file."""
        return FileMeter(self, path)

    def finish(self, path: str, *, moved: bool = True) -> None:
        """This file is there, whole; `moved` says that we moved it."""
        self._missing.pop(path, None)
        self.files += moved
        self.show(path, 0)

    def show(self, path: str, position: int) -> None:
        """Move the bar."""
        done = self.total_bytes - sum(self._missing.values()) + position
        note = f"{done / _MB:,.1f} of {self.total_bytes / _MB:,.1f} MB  {path.rsplit('/', 1)[-1]}"
        self._progress.advance(done, note)

    def missing(self) -> str:
        """What is not there yet, for a person."""
        if not self._missing:
            return "no file is missing, but the last word of it"
        names = list(self._missing)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004 - a few
        size = sum(self._missing.values()) / _MB
        files = "1 file" if len(names) == 1 else f"{len(names)} files"
        return f"still missing: {files}, {size:,.1f} MB ({', '.join(names[:3])}{more})"


class FileMeter:
    """How far one file is; see `carrier.Meter`."""

    def __init__(self, tally: Tally, path: str) -> None:
        self._tally, self._path = tally, path
        self._last = self._sure = 0

    @property
    def sure_bytes(self) -> int:
        """What has arrived, as far as is known: buffers on the way hold only so much."""
        return max(self._sure, self._last - _UNDER_WAY_BYTES)

    def sure(self, position: int) -> None:
        """So much has arrived for certain."""
        self._sure = self._last = position
        self._tally.show(self._path, position)

    def at(self, position: int) -> None:
        """So much was handed to the network."""
        self._tally.moved_bytes += max(0, position - self._last)
        self._last = position
        self._tally.show(self._path, position)
