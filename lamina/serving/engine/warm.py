"""Beginnings that lost their slot, kept for when they come back: in memory, then on disk.

Twenty-five layers on four slots push each other out, and a long conversation that returns to its
layer would be evaluated again from its first token. So what a slot holds is copied before another
sequence overwrites it, and copied back when a prompt begins with it under the same layer set. What
comes back is checked against its digest first, and holds the same bits as before.

Nothing is copied but then: a step costs what it did. Engine thread only; one thread beside it makes
digests and writes to disk. The files have no name: they are gone with the process, however it ends.
"""

import hashlib
import io
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lamina.serving.engine.placement import common_beginning
from lamina.serving.layers.blends import LayerSet
from lamina.serving.layers.residency import Memory
from lamina.serving.llama import Base, Bytes

WORTH_TOKENS = 64  # a shorter beginning is evaluated sooner than it is worth a place here


@dataclass(frozen=True)
class WarmOptions:
    """What may be kept, in bytes; 0 = nothing."""

    memory_bytes: int = 0
    disk_bytes: int = 0
    folder: Path | None = None  # on the disk that is meant; None: the system's for such files


@dataclass
class WarmFigures:
    """Written by the engine thread, read by anyone."""

    kept: int = 0  # beginnings that are there now
    memory_bytes: int = 0
    disk_bytes: int = 0
    saved: int = 0  # since the start, as all that follow
    restored: int = 0
    restored_tokens: int = 0
    dropped: int = 0  # to make room
    damaged: int = 0  # not what was saved
    copying_s: float = 0.0


@dataclass(eq=False)
class Kept:
    """A slot's state. On its way to disk it is in both places."""

    layers: LayerSet
    tokens: list[int]
    digest: "Future[bytes]"
    size: int
    state: Bytes | None
    file: io.FileIO | None = None
    on_disk: bool = False  # or on its way there


class Found(NamedTuple):
    """A kept state, and how many leading tokens of a prompt it gives."""

    kept: Kept
    shared: int


@dataclass
class Warm:
    """The states that were kept, the one unused longest first."""

    base: Base
    options: WarmOptions
    figures: WarmFigures
    memory: Memory
    _all: dict[int, Kept] = field(default_factory=dict)  # by id, which keeps an order
    _current: frozenset[str] | None = None
    _writing: "Future[None] | None" = None
    _beside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "warm"))

    def save(self, slot: int, layers: LayerSet, tokens: list[int]) -> None:
        """Keep what a slot holds before it is overwritten, if there is room."""
        if not self.options.memory_bytes or self._is_old(layers):
            return
        own = list(self._of(layers))
        for one in own:
            if one.tokens[: len(tokens)] == tokens:  # it goes on from here, or is the same
                self._use(one)
                return
        began_s = time.monotonic()
        size = self.base.state_bytes(slot)
        if size <= self.options.memory_bytes:
            for one in own:
                if tokens[: len(one.tokens)] == one.tokens:  # it holds nothing more
                    self._drop(one)
            self._make_room(size)
            state = self.base.state(slot, size)
            digest = self._beside.submit(_digest, state)
            self._use(Kept(layers, list(tokens), digest, state.size, state))
            self.figures.saved += 1
        self.figures.copying_s += time.monotonic() - began_s

    def find(self, layers: LayerSet, prompt: list[int], reusable: int) -> Found | None:
        """What begins as this prompt does, under the same layers, for the longest."""
        found = None
        for one in self._of(layers):
            if one.tokens[:WORTH_TOKENS] == prompt[:WORTH_TOKENS]:
                shared = common_beginning(one.tokens, prompt, reusable)
                if shared >= WORTH_TOKENS and (found is None or shared > found.shared):
                    found = Found(one, shared)
        return found

    def restore(self, found: Found, slot: int) -> bool:
        """Put a kept state into an empty slot; False, and it is forgotten, where it is damaged."""
        began_s = time.monotonic()
        state = _read(found.kept)
        whole = state is not None and _digest(state) == found.kept.digest.result()
        if state is None or not whole or not self.base.put_back(slot, state):
            self.base.forget(slot)
            self._drop(found.kept)
            self.figures.damaged += state is not None
            return False
        if id(found.kept) in self._all:  # it may have made room for what stood in this slot
            self._use(found.kept)
        self.figures.restored += 1
        self.figures.restored_tokens += found.shared
        self.figures.copying_s += time.monotonic() - began_s
        return True

    def let_go(self) -> None:
        """Forget what was evaluated under layers that no name means any more."""
        if self.memory.current is self._current:
            return
        self._current = self.memory.current
        for one in tuple(self._all.values()):
            if self._is_old(one.layers):
                self._drop(one)

    def clear(self) -> None:
        """Forget everything."""
        for one in tuple(self._all.values()):
            self._drop(one)

    def close(self) -> None:
        """Forget everything, and end the thread."""
        self._beside.shutdown()
        self.clear()

    def _of(self, layers: LayerSet) -> Iterator[Kept]:
        return (one for one in self._all.values() if one.layers == layers)

    def _is_old(self, layers: LayerSet) -> bool:
        named = self.memory.current  # None: any layers
        return named is not None and any(one.digest not in named for one in layers.layers)

    def _use(self, one: Kept) -> None:
        """It is the newest now."""
        self._all.pop(id(one), None)
        self._all[id(one)] = one
        self._count()

    def _drop(self, one: Kept) -> None:
        self._all.pop(id(one), None)
        if one.file and not one.file.closed:
            one.file.close()
        self._count()

    def _make_room(self, size: int) -> None:
        """In memory: what was unused longest goes to disk, where there is one, else it goes."""
        for one in [one for one in self._all.values() if not one.on_disk]:
            if self.figures.memory_bytes + size <= self.options.memory_bytes:
                return
            if not self._moved(one):
                self._drop(one)
                self.figures.dropped += 1

    def _moved(self, one: Kept) -> bool:
        """Have it written to disk. One at a time: those on their way still take memory."""
        if one.size > self.options.disk_bytes or (self._writing and not self._writing.done()):
            return False
        for other in [other for other in self._all.values() if other.on_disk]:
            if self.figures.disk_bytes + one.size > self.options.disk_bytes:
                self._drop(other)
                self.figures.dropped += 1
        one.on_disk = True
        self._writing = self._beside.submit(_write, one, self.options.folder)
        self._count()
        return True

    def _count(self) -> None:
        kept = self._all.values()
        self.figures.kept = len(kept)
        self.figures.memory_bytes = sum(one.size for one in kept if not one.on_disk)
        self.figures.disk_bytes = sum(one.size for one in kept if one.on_disk)


def _digest(state: Bytes) -> bytes:
    return hashlib.sha256(state.data).digest()


def _write(one: Kept, folder: Path | None) -> None:
    """The writer's thread. The file is there before the memory is given back."""
    assert one.state is not None  # noqa: S101 - until this function ends
    try:
        file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - kept open
        left = one.state.data
        while left:
            left = left[file.write(left) :]
        one.file = file
    except OSError:  # a full disk: what is not there is not found whole
        pass
    one.state = None


def _read(one: Kept) -> Bytes | None:
    """The state, from memory or disk; None where it cannot be read."""
    if (state := one.state) is not None:
        return state
    if one.file is None:
        return None
    found = np.empty(one.size, np.uint8)
    left = found.data
    try:
        one.file.seek(0)
        while left:
            count = one.file.readinto(left)
            if not count:
                return None
            left = left[count:]
    except (OSError, ValueError):  # ValueError: it is closed, as it made room meanwhile
        return None
    return found
