"""A connection that is made anew when it breaks, as long as something still arrives."""

import errno
import time
from collections.abc import Callable
from typing import Self, TypeVar

from lamina.errors import BusyError, LaminaError, ResourceError
from lamina.handover.carrier import Carrier

T = TypeVar("T")
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 15.0


class LinkLostError(BusyError):
    """The depot could not be reached again, or not for long enough that anything arrived."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}; {advice}")
        self.what = what


class Link:
    """The depot, reached through one connection at a time.

    `connect` raises a LaminaError for what trying again cannot cure: credentials, an unknown host.
    """

    def __init__(
        self,
        connect: Callable[[], Carrier],
        shown: str,
        *,
        patience_s: float,
        broken: tuple[type[Exception], ...] = (),
    ) -> None:
        self.shown = shown
        self._connect = connect
        self._patience_s = patience_s
        self._broken: tuple[type[Exception], ...] = (OSError, EOFError, *broken)
        self._carrier: Carrier | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def run(self, action: Callable[[Carrier], T], sure: Callable[[], int] = lambda: 0) -> T:
        """Do it; after a break connect and do it again.

        The patience is counted from the first break on; whenever `sure`, the bytes that have
        arrived for certain, has become more, it starts anew.

        Raises:
            LinkLostError: nothing arrived for as long as the patience lasts.
            ResourceError: the depot is full, or may not be written.

        """
        best, since_s, pause_s = -1, 0.0, _FIRST_PAUSE_S
        while True:
            try:
                if self._carrier is None:
                    self._carrier = self._connect()
                return action(self._carrier)
            except (LaminaError, FileNotFoundError):
                raise
            except self._broken as error:
                self._drop()
                self._raise_if_final(error)
                if sure() > best:
                    best, since_s, pause_s = sure(), time.monotonic(), _FIRST_PAUSE_S
                if time.monotonic() - since_s + pause_s > self._patience_s:
                    what = f"the link to the depot {self.shown} breaks ({_said(error)})"
                    advice = "see that its host is up and can be reached, and run again"
                    raise LinkLostError(what, advice) from error
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _raise_if_final(self, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno in _FULL:
            msg = f"the depot {self.shown} is full; free some space there, and run again"
            raise ResourceError(msg) from error
        if isinstance(error, PermissionError):
            msg = f"the depot {self.shown} refuses access ({_said(error)}); correct its permissions"
            raise ResourceError(msg) from error

    def _drop(self) -> None:
        if self._carrier is not None:
            carrier, self._carrier = self._carrier, None
            try:
                carrier.close()
            except self._broken:
                return  # it was broken


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
