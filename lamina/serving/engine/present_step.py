"""The step that is being evaluated, as other threads see it: whose it is, and how to cut it short.

A long prompt's step takes seconds; who left should not be waited for so long. A step that others
share is cut, too, and their tokens are evaluated again; but each of them only once, or somebody who
asks and leaves again and again would keep them waiting for ever.
"""

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from lamina.serving.engine.sequence import Sequence
from lamina.serving.llama import Interrupt


class PresentStep:
    """Thread-safe; the engine thread says what it evaluates."""

    def __init__(self) -> None:
        self.interrupt = Interrupt()
        self.stopped = False  # nothing is evaluated any more
        self._cuttable: frozenset[Sequence] = frozenset()
        self._lock = threading.Lock()

    @contextmanager
    def evaluating(self, sequences: Collection[Sequence]) -> Iterator[None]:
        """While this lasts, a step evaluates tokens of these."""
        protected = len(sequences) > 1 and any(one.was_cut for one in sequences)
        with self._lock:
            self._cuttable = frozenset() if protected else frozenset(sequences)
        try:
            yield
        finally:
            with self._lock:
                self._cuttable = frozenset()
                if not self.stopped:
                    self.interrupt.lower_flag()

    def cut(self, sequences: Collection[Sequence]) -> None:
        """Nobody waits for these any more: end a step that evaluates one of them."""
        with self._lock:
            if not self._cuttable.isdisjoint(sequences):
                self.interrupt.raise_flag()

    def stop(self) -> None:
        """End the step, and every later one."""
        with self._lock:
            self.stopped = True
            self.interrupt.raise_flag()
