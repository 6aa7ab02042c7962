"""Events on their way from the engine thread to the coroutine that waits for them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from functools import partial
from typing import TypeVar

from fastapi import Request

from lamina.errors import LaminaError
from lamina.serving.engine.sequence import Delta, Event, Outcome, Sequence
from lamina.serving.engine.thread import Engine
from lamina.serving.http.meters import Meters

T = TypeVar("T")
CLIENT_LEFT = 499  # nobody reads it; it stands in the log


class Relay:
    """Carries events from the engine thread to the event loop, one wake-up a step."""

    def __init__(self) -> None:
        self._pending: list[tuple[asyncio.Queue[Event], Event]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Events go to this loop from now on."""
        self._loop = loop

    def put(self, queue: "asyncio.Queue[Event]", event: Event) -> None:
        """Engine thread: keep an event until the step's end."""
        self._pending.append((queue, event))

    def flush(self) -> None:
        """Engine thread: hand over what came since the last time."""
        if self._pending and self._loop and not self._loop.is_closed():
            pending, self._pending = self._pending, []
            self._loop.call_soon_threadsafe(_deliver, pending)


def _deliver(pending: "list[tuple[asyncio.Queue[Event], Event]]") -> None:
    for queue, event in pending:
        queue.put_nowait(event)


class Answer:
    """A submitted sequence, read from the event loop. Closing it early cancels the sequence."""

    def __init__(self, engine: Engine, sequence: Sequence, relay: Relay, meters: Meters) -> None:
        self.layers = sequence.layers
        self._engine = engine
        self._sequence = sequence
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._over = False
        self._begun = False
        self._meters = meters
        sequence.sink = partial(relay.put, self._queue)

    async def events(self) -> AsyncIterator[Delta | Outcome]:
        """Deltas, then the outcome.

        Raises:
            LaminaError: why the engine could not go on.

        """
        while not self._over:
            event = await self._queue.get()
            self._over = not isinstance(event, Delta)
            if isinstance(event, LaminaError):
                raise event
            if isinstance(event, Outcome):
                self._meters.sequence(event)
            elif event.logprobs:
                event = self._marked(event)
            yield event

    def _marked(self, event: Delta) -> Delta:
        """With the first token's entry marked where the answer's first space is left out."""
        if self._begun or not self._sequence.strip_first_space:
            return event
        self._begun = True
        first = replace(event.logprobs[0], begins=True)
        return replace(event, logprobs=(first, *event.logprobs[1:]))

    def close(self) -> None:
        """Stop making it, if it is not done."""
        if not self._over:
            self._over = True
            self._engine.cancel(self._sequence)


async def while_client_stays(request: Request, work: Coroutine[None, None, T]) -> T | None:
    """What the work gives; None, and the work is cancelled, where the client leaves before."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_until_client_leaves(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        leaving.cancel()
        working.cancel()


async def _until_client_leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
