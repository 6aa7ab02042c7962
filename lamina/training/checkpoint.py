"""The state of an unfinished run on disk, so that a killed run goes on where it stopped."""

import errno
import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamina.errors import ResourceError
from lamina.store import write_atomically

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Checkpoint:
    """One file a run, replaced in one step, at most every `interval_s`.

    Between two writes at most that much work can be lost.
    """

    def __init__(self, path: Path, interval_s: float) -> None:
        self._path = path
        self._interval_s = interval_s
        self._written_s = time.monotonic()

    def is_due(self) -> bool:
        """Whether the last write is old enough."""
        return time.monotonic() - self._written_s >= self._interval_s

    def write(self, state: Mapping[str, Any]) -> None:
        """Replace the state: tensors, numbers, texts and containers of them.

        Raises:
            ResourceError: the disk is full; the last good state stays.

        """
        import torch

        buffer = io.BytesIO()
        torch.save(dict(state), buffer)
        try:
            write_atomically(self._path, buffer.getvalue())
        except OSError as error:
            if error.errno not in _FULL:
                raise
            kept = "the last checkpoint is kept" if self._path.exists() else "none is kept yet"
            msg = (
                f"the disk under {self._path.parent} is full: no checkpoint could be written, "
                f"{kept}; free some space, and run again to go on from there"
            )
            raise ResourceError(msg) from error
        self._written_s = time.monotonic()

    def read(self) -> dict[str, Any] | None:
        """The last state; None where there is none that can be read."""
        import torch

        try:
            state: dict[str, Any] = torch.load(self._path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except (RuntimeError, EOFError, ValueError, KeyError, OSError):
            return None  # of another torch, or damaged: the run begins anew
        return state

    def remove(self) -> None:
        """Forget the state: the run is finished."""
        self._path.unlink(missing_ok=True)
