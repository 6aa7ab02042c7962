"""Which layers are in memory: loaded on first use, let go once no name means them.

Where there is a limit, the others are let go, too, least recently used first.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field

from lamina.errors import BusyError
from lamina.serving.layers.blends import AppliedLayer, LayerSet
from lamina.serving.layers.files import stamp_of
from lamina.serving.llama import Adapter, Base


@dataclass
class Memory:
    """What everybody sees of the layers in memory, and may ask to keep there: digests.

    The engine's thread writes what is loaded, anyone the rest, each as a whole.
    """

    loaded: frozenset[str] = frozenset()
    loaded_bytes: int = 0  # about what they take
    current: frozenset[str] | None = None  # what names mean now; None: anything
    pinned: frozenset[str] = frozenset()  # not let go while current
    held: frozenset[str] = frozenset()  # by requests that come back for them
    _holds: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def holding(self, layers: LayerSet) -> Iterator[None]:
        """Let none of these go meanwhile, even where a newer version takes its name."""
        digests = [layer.digest for layer in layers.layers]
        self._hold(digests, 1)
        try:
            yield
        finally:
            self._hold(digests, -1)

    def _hold(self, digests: list[str], change: int) -> None:
        with self._lock:
            for digest in digests:
                self._holds[digest] += change
            self._holds = +self._holds  # without those that nobody holds
            self.held = frozenset(self._holds)


@dataclass
class _Resident:
    adapter: Adapter
    size_bytes: int
    last_used: int


class Residency:
    """Layers by digest. Engine thread only."""

    def __init__(self, base: Base, limit_bytes: int | None, memory: Memory) -> None:
        self._base = base
        self._memory = memory
        self._limit_bytes = limit_bytes  # None: no limit
        self._resident: dict[str, _Resident] = {}
        self._uses = 0

    def handles(self, layers: LayerSet) -> tuple[tuple[Adapter, float], ...]:
        """Native handles and scales of a set; what is missing is loaded.

        Raises:
            DamagedError: llama.cpp refuses a file.
            BusyError: a file was replaced since it was checked.

        """
        return tuple((self._load(layer), layer.scale) for layer in layers.layers)

    def trim(self, needed: AbstractSet[str]) -> None:
        """Let go of what no name means any more and of what is beyond the limit.

        Never of what is needed or held; of what is pinned only where no name means it.
        """
        memory = self._memory
        spare = self._resident.keys() - needed - memory.held
        if memory.current is not None:
            for digest in spare - memory.current:
                self._free(digest)
        if self._limit_bytes is None:
            return
        for digest in sorted(spare & self._resident.keys() - memory.pinned, key=self._age):
            if memory.loaded_bytes <= self._limit_bytes:
                return
            self._free(digest)

    def _age(self, digest: str) -> int:
        return self._resident[digest].last_used

    def _free(self, digest: str) -> None:
        self._base.free_adapter(self._resident.pop(digest).adapter)
        self._tell()

    def _load(self, layer: AppliedLayer) -> Adapter:
        self._uses += 1
        resident = self._resident.get(layer.digest)
        if resident is None:
            adapter = self._load_unchanged(layer)
            resident = _Resident(adapter, layer.size_bytes, self._uses)
            self._resident[layer.digest] = resident
            self._tell()
        resident.last_used = self._uses
        return resident.adapter

    def _tell(self) -> None:
        self._memory.loaded = frozenset(self._resident)
        self._memory.loaded_bytes = sum(one.size_bytes for one in self._resident.values())

    def _load_unchanged(self, layer: AppliedLayer) -> Adapter:
        """Load a file that is still the one whose digest the answer will name."""
        _check_unchanged(layer)
        adapter = self._base.load_adapter(layer.path)
        try:
            _check_unchanged(layer)
        except BusyError:
            self._base.free_adapter(adapter)
            raise
        return adapter


def _check_unchanged(layer: AppliedLayer) -> None:
    try:
        now = stamp_of(layer.path.stat())
    except OSError:
        now = None
    if layer.stamp is not None and now != layer.stamp:
        msg = f"layer {layer.name} was replaced before it was loaded; ask again for the new version"
        raise BusyError(msg)
