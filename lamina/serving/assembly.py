"""Puts the server together from its options: the one place where the parts meet."""

import argparse
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

from lamina import settings
from lamina.errors import InvalidInputError, StoppedError
from lamina.prompts import FORMATS
from lamina.serving.engine.options import EngineOptions
from lamina.serving.engine.thread import Engine
from lamina.serving.http.answers import Relay
from lamina.serving.http.app import build_app
from lamina.serving.http.guard.connections import Impatient
from lamina.serving.http.guard.limits import Limits
from lamina.serving.http.guard.origins import is_loopback
from lamina.serving.http.observer import Observer
from lamina.serving.http.service import Service
from lamina.serving.layers.adapter_file import read_base
from lamina.serving.layers.blends import AppliedLayer, checked_scale, layer_set
from lamina.serving.layers.registry import Registry
from lamina.serving.llama import ContextOptions, quiet
from lamina.serving.preflight import available_bytes, check_room
from lamina.serving.trial import special_layouts_work

_MB = 1 << 20
_SMALL_MODEL_MB = 64
_LAST_WORDS_S = 2
_INTERRUPT_S = 2  # a person at the terminal does not wait for others' answers
_FLAGS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
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
    has_key: bool
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
        if self.apply_initial:
            layers = layer_set(chosen)
            await asyncio.wrap_future(self.engine.load(layers))
            self.service.set_default(layers)
        self.service.on_loaded(base)

    def _named(self, text: str) -> AppliedLayer:
        """The layer of `--lora PATH` or `--lora PATH=SCALE`."""
        path, equals, scale = text.rpartition("=")
        if not equals or Path(text).is_file():
            return self.service.registry.add(Path(text)).applied(1.0)
        return self.service.registry.add(Path(path)).applied(checked_scale(scale, path))

    def end(self) -> None:
        """Engine thread: it failed, so the process must end."""
        self.died = True
        self._web.should_exit = True


def assemble(options: argparse.Namespace) -> Server:
    """A server for these options; nothing is loaded yet.

    Raises:
        LaminaError: an option cannot be, or the model's file is no base.

    """
    if not options.verbose:
        quiet()
    if options.chat_format and options.chat_format not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        msg = f"chat format {options.chat_format!r} is not known; choose one of {known}"
        raise InvalidInputError(msg)
    base = read_base(options.model)
    if options.adapters_dir and not options.adapters_dir.is_dir():
        msg = f"adapters folder {options.adapters_dir} is not there; create it or name another"
        raise InvalidInputError(msg)
    _check_numbers(options)
    check_room(base, options.n_ctx, options.n_parallel, available_bytes())
    registry = Registry(base, options.adapters_dir, options.allowed_root)
    relay = Relay()
    engine = Engine(options.model, _engine_options(options), flush=relay.flush)
    service = Service(engine, relay, registry, chat_format=options.chat_format)
    key = settings.load().api_key
    secret = key.get_secret_value() if key else None
    limited = Limits(
        build_app(service),
        api_key=secret,
        max_body_bytes=options.max_body_mb * _MB,
        only_loopback=is_loopback(options.host),
    )
    app = Observer(limited, service.meters, log=None if options.quiet else sys.stderr)
    server = Server(
        service,
        engine,
        relay,
        app,
        tuple(options.lora),
        not options.lora_init_without_apply,
        options.stop_within_s,
        bool(secret),
    )
    engine.on_death = server.end
    return server


def _is_worth_threads(model: Path) -> bool:
    """Whether a step is long enough to share: below it, threads wait for each other (measured)."""
    return model.stat().st_size >= _SMALL_MODEL_MB * _MB


def _check_numbers(options: argparse.Namespace) -> None:
    least = {"queue": 0, "stop_within_s": 0, "adapter_memory_mb": 0}
    least |= dict.fromkeys(("n_ctx", "n_threads", "n_parallel", "n_batch", "max_body_mb"), 1)
    for name, limit in least.items():
        given = getattr(options, name)
        if given is not None and given < limit:
            msg = f"--{name} {given} cannot be; give at least {limit}"
            raise InvalidInputError(msg)
    if options.flash_attn.lower() not in _FLAGS:
        msg = f"--flash_attn {options.flash_attn} cannot be; give true or false"
        raise InvalidInputError(msg)


def _engine_options(options: argparse.Namespace) -> EngineOptions:
    layouts = special_layouts_work(options.model)
    if not layouts:
        print(
            "warning: this build of llama.cpp crashes in its AMX kernels; going on without them. "
            "Build llama-cpp-python with CMAKE_CXX_FLAGS=-mno-amx-tile for full speed",
            file=sys.stderr,
        )
    context = ContextOptions(
        n_ctx=options.n_ctx,
        n_slots=options.n_parallel,
        n_batch=options.n_batch,
        n_threads=options.n_threads if _is_worth_threads(options.model) else 1,
        special_layouts=layouts,
        flash_attn=_FLAGS[options.flash_attn.lower()],
    )
    memory = options.adapter_memory_mb
    return EngineOptions(
        context=context,
        adapter_bytes=None if memory is None else memory * _MB,
        queue_limit=options.queue,
    )
