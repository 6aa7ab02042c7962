"""The engine: one thread that owns every llama.cpp handle and serves all sequences.

Others hand it commands and get events back through the sequences' sinks, which it calls from its
own thread; `flush` is called once after each step. A failed step ends the sequences in it and
nobody else. An error nobody foresaw ends the thread: every sequence is told, and `on_death` is
called, so that a supervisor can start a new process.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from lamina.errors import BusyError, LaminaError, ResourceError
from lamina.serving.engine.failures import stopping, unforeseen
from lamina.serving.engine.loop import Command, Loop
from lamina.serving.engine.options import EngineOptions
from lamina.serving.engine.present_step import PresentStep
from lamina.serving.engine.sequence import Sequence
from lamina.serving.engine.step import Counters
from lamina.serving.layers.blends import LayerSet
from lamina.serving.layers.residency import Memory
from lamina.serving.llama import Base, open_base

T = TypeVar("T")


class QueueFullError(BusyError):
    """More requests wait than this server lets wait."""

    status = 429


def _promise() -> "Future[T]":
    """A future that a caller who leaves cannot cancel, so that the engine can always set it."""
    promise: Future[T] = Future()
    promise.set_running_or_notify_cancel()
    return promise


def _ignore() -> None:
    """Nothing to do."""


class Engine:
    """Start it, submit sequences, stop it. All methods may be called from any thread."""

    def __init__(
        self,
        model: Path,
        options: EngineOptions,
        *,
        flush: Callable[[], None] = _ignore,
    ) -> None:
        self.options = options
        self.counters = Counters()
        self.memory = Memory()
        self._model = model
        self._flush = flush
        self.on_death: Callable[[], None] = _ignore  # called on its thread
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._ready: Future[Base] = _promise()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._open = True
        self._present = PresentStep()
        self._accepted: set[Sequence] = set()  # not over yet, whether the thread has seen them
        self._owed: set[Future[Any]] = set()  # answers to commands that are not there yet
        self._gate = threading.Lock()

    def start(self) -> Future[Base]:
        """Load the base; the future gives it, for its facts and its vocabulary only."""
        self._thread.start()
        return self._ready

    def submit(self, *sequences: Sequence) -> None:
        """Queue sequences, all or none.

        Raises:
            QueueFullError: too many wait already.
            BusyError: the engine has stopped.

        """
        now_s = time.monotonic()
        with self._gate:
            if not self._open:
                raise stopping()
            if len(self._accepted) + len(sequences) > self.room:
                msg = f"{len(self._accepted)} requests are waiting already; try again later"
                raise QueueFullError(msg)
            self._accepted.update(sequences)
            for sequence in sequences:
                sequence.accepted_s = now_s
            self._commands.put(lambda loop: loop.take(sequences))

    def cancel(self, *sequences: Sequence) -> None:
        """End sequences now, in the middle of a step; nothing more is delivered for them."""
        self._commands.put(lambda loop: loop.cancel(sequences))
        self._present.cut(sequences)

    def keep(self, digests: frozenset[str]) -> None:
        """Names mean these layers now: others are let go once nobody uses them."""
        self.memory.current = digests
        self._commands.put(lambda _loop: None)  # wakes it: each of its turns ends by letting go

    def load(self, layers: LayerSet) -> Future[float]:
        """Load a set's layers now; the future gives the milliseconds it took."""
        done: Future[float] = _promise()
        self._command(lambda loop: loop.load(layers, done), done)
        return done

    def alone(self, action: Callable[[Loop], T]) -> "Future[T]":
        """Do something on the engine thread when nothing runs; the future gives what it returns."""
        done: Future[T] = _promise()

        def run(loop: Loop) -> None:
            try:
                done.set_result(action(loop))
            except LaminaError as error:
                done.set_exception(error)
            except Exception as error:  # noqa: BLE001 - what was asked must not end the others
                done.set_exception(unforeseen(error))

        self._command(lambda loop: loop.run_alone(run), done)
        return done

    def _command(self, command: Command, done: "Future[T]") -> None:
        """Ask for something whose future ends with the engine at the latest."""
        with self._gate:
            if not self._open:
                done.set_exception(stopping())
                return
            self._owed.add(done)
            self._commands.put(command)
        done.add_done_callback(self._owed.discard)

    def stop(self, timeout_s: float = 30.0) -> None:
        """End what runs, free every handle, and wait for the thread."""
        self.close()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def close(self) -> None:
        """Take nothing more, and tell what runs that it is over."""
        with self._gate:
            self._open = False
        self._commands.put(lambda loop: loop.end())
        self._present.stop()

    @property
    def room(self) -> int:
        """Sequences that may run or wait at the same time."""
        return self.options.queue_limit + self.options.context.n_slots

    def _finished(self, sequence: Sequence) -> None:
        with self._gate:
            self._accepted.discard(sequence)

    # -- the thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        loop: Loop | None = None
        try:
            with ExitStack() as handles:
                opened = open_base(self._model, self.options.context, self._present.interrupt)
                base = handles.enter_context(opened)
                loop = Loop(
                    base,
                    self.options,
                    self.counters,
                    self.memory,
                    present=self._present,
                    on_over=self._finished,
                )
                handles.callback(loop.branching.close)
                handles.callback(loop.slots.warm.close)
                self._ready.set_result(base)
                while loop.alive:
                    loop.take_commands(self._commands)
                    if loop.alive:
                        loop.turn()
                    self._flush()
                self._abandon(loop, stopping())
        except LaminaError as error:
            self._die(loop, error)
        except Exception as error:  # noqa: BLE001 - the thread's last line: tell everyone, then end
            import traceback

            traceback.print_exc()
            self._die(loop, ResourceError(f"the engine failed ({error}); restart the server"))

    def _die(self, loop: Loop | None, error: LaminaError) -> None:
        with self._gate:
            self._open = False
        if loop is None:
            self._ready.set_exception(error)
        self._abandon(loop, error)
        if loop is not None:
            self.on_death()

    def _abandon(self, loop: Loop | None, error: LaminaError) -> None:
        """Tell everyone who waits for something that it is over."""
        with self._gate:
            self._open = False
            owed = [done for done in self._owed if not done.done()]
        for done in owed:
            done.set_exception(error)
        if loop is not None:
            loop.abandon(error)
        with self._gate:  # what is left was accepted, and the thread never saw it
            unseen = tuple(self._accepted)
            self._accepted.clear()
        for sequence in unseen:
            sequence.sink(error)
        self._flush()
