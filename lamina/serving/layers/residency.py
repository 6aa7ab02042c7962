"""Which layers are in memory: loaded on first use, let go least recently used first."""

from collections.abc import Collection
from dataclasses import dataclass

from lamina.errors import BusyError
from lamina.serving.layers.blends import AppliedLayer, LayerSet
from lamina.serving.layers.files import stamp_of
from lamina.serving.llama import Adapter, Base


@dataclass
class Memory:
    """What everybody sees of the layers in memory, and may ask to keep there: digests.

    The engine's thread writes what is loaded, anyone what is pinned, each as a whole.
    """

    loaded: frozenset[str] = frozenset()
    loaded_bytes: int = 0  # about what they take
    pinned: frozenset[str] = frozenset()  # never let go


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

    def trim(self, needed: Collection[str]) -> None:
        """Let go of layers beyond the limit, never one that is needed or pinned."""
        by_age = sorted(self._resident.items(), key=lambda item: item[1].last_used)
        for digest, resident in by_age:
            if self._limit_bytes is None or self._memory.loaded_bytes <= self._limit_bytes:
                return
            if digest not in needed and digest not in self._memory.pinned:
                self._base.free_adapter(resident.adapter)
                del self._resident[digest]
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
