"""Whose turn it is, in time: the clock around the scheduler's choice. Engine thread only."""

import time
from collections.abc import Iterable

from lamina.serving.engine import scheduler
from lamina.serving.layers.blends import LayerSet


class Turns:
    """Remembers when each layer set had its last turn."""

    def __init__(self, slice_s: float) -> None:
        self._slice_s = slice_s
        self._current: LayerSet | None = None
        self._since_s = 0.0
        self._last_s: dict[LayerSet, float] = {}

    def came(self, layers: LayerSet, accepted_s: float) -> None:
        """A sequence of this set was admitted; its waiting counts from when it was accepted."""
        self._last_s.setdefault(layers, accepted_s)

    def left(self, layers: LayerSet) -> None:
        """The last sequence of this set is over."""
        self._last_s.pop(layers, None)

    def choose(self, ready: Iterable[LayerSet]) -> LayerSet | None:
        """The set of the next step, of those with a sequence in a slot."""
        now_s = time.monotonic()
        lanes = [
            scheduler.Lane(
                key=one,
                ready=True,
                active_for_s=now_s - self._since_s if one == self._current else 0.0,
                waited_s=now_s - self._last_s.get(one, now_s),
                current=one == self._current,
            )
            for one in ready
        ]
        chosen = scheduler.choose_lane(lanes, self._slice_s)
        if chosen is None:
            self._current = None
            return None
        if chosen.key != self._current or chosen.active_for_s >= self._slice_s:
            self._current, self._since_s = chosen.key, now_s
        self._last_s[chosen.key] = now_s
        return chosen.key
