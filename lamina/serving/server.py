"""A server while it runs: it loads the base, answers, and stops when told to."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from lamina.errors import LaminaError, StoppedError
from lamina.serving.engine.thread import Engine
from lamina.serving.http.answers import Relay
from lamina.serving.http.guard.connections import Impatient
from lamina.serving.http.observer import Observer
from lamina.serving.http.service import Service
from lamina.serving.layers.blends import DEFAULT, AppliedLayer, checked_scale, layer_set

_LAST_WORDS_S = 2
_INTERRUPT_S = 2  # a person at the terminal does not wait for others' answers
_KEEP_ALIVE_S = 30  # clients drop idle connections after 5: at the same time, both would race


class _Web(uvicorn.Server):
    """uvicorn without its signal handling, which ends a clean stop by killing the process.

    `on_limit` is called when what runs has had its time after the first signal.
    """

    def __init__(
        self, config: uvicorn.Config, within_s: float, on_limit: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self.interrupted = False
        self._within_s = within_s
        self._on_limit = on_limit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; the limit counts from the first signal, and the second one is the limit."""
        loop = asyncio.get_running_loop()
        if self.should_exit:
            self._on_limit()
            loop.call_later(_LAST_WORDS_S, self._force)
            return
        self.interrupted = sig == signal.SIGINT
        within_s = min(self._within_s, _INTERRUPT_S) if self.interrupted else self._within_s
        loop.call_later(within_s, self._on_limit)
        super().handle_exit(sig, frame)

    def _force(self) -> None:
        self.force_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop gracefully on SIGTERM and SIGINT; the second one stops at once."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield
        for number in signals:
            loop.remove_signal_handler(number)


@dataclass
class Server:
    """A server that can be run once."""

    service: Service
    engine: Engine
    relay: Relay
    app: Observer
    initial: tuple[str, ...]  # --lora, as given
    apply_initial: bool
    stop_within_s: int
    died: bool = False

    async def run(self, listener: socket.socket, on_ready: Callable[[], None]) -> None:
        """Load the base, answer until told to stop, then free everything.

        Raises:
            StoppedError: a person ended it with Ctrl-C.
            LaminaError: the base or an initial layer cannot be used.

        """
        self.relay.bind(asyncio.get_running_loop())
        config = uvicorn.Config(
            self.app,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=self.stop_within_s + _LAST_WORDS_S,
            lifespan="off",
            http=Impatient,
            ws="none",
        )
        # At the limit the engine ends what still runs, so that every stream closes with an error
        # that says so; uvicorn's own limit, a little later, would cut the connections.
        web = _Web(config, self.stop_within_s, self.engine.close)
        self._web = web
        serving = asyncio.ensure_future(web.serve(sockets=[listener]))
        loading = asyncio.ensure_future(self._load())
        try:
            await asyncio.wait({serving, loading}, return_when=asyncio.FIRST_COMPLETED)
            if loading.done():  # else it was told to stop before the base was there
                loading.result()
                if not web.should_exit:
                    on_ready()
            await serving
        finally:
            loading.cancel()
            web.should_exit = True
            await asyncio.gather(serving, loading, return_exceptions=True)
            await asyncio.to_thread(self.engine.stop, self.stop_within_s)
        if web.interrupted:
            raise StoppedError

    async def _load(self) -> None:
        base = await asyncio.wrap_future(self.engine.start())
        chosen = [self._named(text) for text in self.initial]
        if self.apply_initial and chosen:
            layers = layer_set(chosen)
            await asyncio.wrap_future(self.engine.load(layers))
            self.service.routing.set_default(layers)
        else:
            await asyncio.to_thread(self._restore_default)
        if base.n_ctx > base.n_train:
            print(
                f"warning: the base was trained on {base.n_train} tokens at most, and requests may "
                f"use {base.n_ctx}; beyond, answers get worse",
                file=sys.stderr,
            )
        self.service.on_loaded(base)

    def _restore_default(self) -> None:
        routing = self.service.routing
        kept = routing.restore_default()
        try:
            routing.choose(DEFAULT, None)
        except LaminaError as error:
            print(f"warning: the default is {kept.label}, as it was: {error}", file=sys.stderr)

    def _named(self, text: str) -> AppliedLayer:
        """The layer of `--lora PATH` or `--lora PATH=SCALE`."""
        path, equals, scale = text.rpartition("=")
        if not equals or Path(text).exists():
            return self.service.registry.add(Path(text)).applied(1.0)
        return self.service.registry.add(Path(path)).applied(checked_scale(scale, path))

    def end(self) -> None:
        """Engine thread: it failed, so the process must end."""
        self.died = True
        self._web.should_exit = True
