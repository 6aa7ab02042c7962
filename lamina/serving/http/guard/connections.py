"""Connections that nobody uses: uvicorn's protocol with an end to waiting.

uvicorn ends connections that idle between requests. A request that never comes whole, and an answer
that is never read, would hold theirs for ever.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


class Impatient(H11Protocol):
    """Looks at its connection now and then, and closes it when nothing moved since the last look.

    A connection with a request that is being answered is left alone as long as the client reads.
    """

    look_every_s = 30.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look."""
        super().connection_made(transport)
        self._seen = self._state()
        self.loop.call_later(self.look_every_s, self._look)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        now = self._state()
        if now is not None and now == self._seen:
            self.transport.abort()
            return
        self._seen = now
        self.loop.call_later(self.look_every_s, self._look)

    def _state(self) -> tuple[str, int] | None:
        """What must have changed at the next look; None where it may stay."""
        if self.flow.write_paused:
            return "unread", self.transport.get_write_buffer_size()
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self.timeout_keep_alive_task is None:  # uvicorn watches the others
            return "incomplete", id(self.cycle)
        return None
