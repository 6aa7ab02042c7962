"""Who gets the next free slot. Engine thread only."""

from collections import Counter
from collections.abc import Iterable

from lamina.serving.engine import scheduler
from lamina.serving.engine.sequence import Sequence
from lamina.serving.engine.slots import Slots
from lamina.serving.layers.blends import LayerSet


def next_admitted(waiting: Iterable[Sequence], slots: Slots) -> Sequence | None:
    """Of those who wait; not one who would rather wait for a beginning that is on its way."""
    held = Counter[LayerSet | None](slot.layers for slot in slots.busy)
    candidates = {one.number: one for one in waiting}
    while candidates:
        queue = [scheduler.Waiting(one.number, one.layers) for one in candidates.values()]
        chosen = scheduler.choose_admission(queue, held)
        if chosen is None:
            return None
        sequence = candidates.pop(chosen.number)
        if not slots.better_soon(sequence):
            return sequence
    return None
