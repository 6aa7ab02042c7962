"""The slots of the context: who sits in them, and what their KV holds. Engine thread only."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from lamina.serving.engine import placement, scheduler
from lamina.serving.engine.occupant import Occupant
from lamina.serving.engine.sequence import Sequence, State
from lamina.serving.engine.warm import WORTH_TOKENS, Found, Warm, WarmFigures, WarmOptions
from lamina.serving.layers.blends import LayerSet
from lamina.serving.layers.residency import Memory
from lamina.serving.llama import Base


@dataclass
class Slot:
    """One stream of KV. `tokens` were evaluated under `layers`, in this order, and nothing else."""

    index: int
    layers: LayerSet | None = None
    tokens: list[int] = field(default_factory=list)
    occupant: Occupant | None = None
    last_used: int = 0

    @property
    def decodes(self) -> bool:
        """Whether its sequence is answering."""
        return self.occupant is not None and self.occupant.sequence.state is State.DECODING


class Slots:
    """Gives slots to sequences and keeps their KV clean."""

    def __init__(
        self, base: Base, options: WarmOptions, figures: WarmFigures, memory: Memory
    ) -> None:
        self._base = base
        self.warm = Warm(base, options, figures, memory)
        self.all = [Slot(index) for index in range(base.options.n_slots)]
        self._uses = 0

    @property
    def busy(self) -> list[Slot]:
        """Slots with a sequence."""
        return [slot for slot in self.all if slot.occupant]

    @property
    def free(self) -> list[Slot]:
        """Slots without one; their KV may still serve the next."""
        return [slot for slot in self.all if not slot.occupant]

    def seat(self, sequence: Sequence) -> Slot:
        """Put a sequence into a free slot, with as much of its prompt as stands there already."""
        place = self._place(sequence)
        slot = self.all[place.slot]
        occupant = Occupant(sequence, self._base)  # may refuse: before anything is changed
        found = self._warmer(sequence, place)
        keeps = 0 if found or place.source is not None else place.shared
        if slot.layers is not None and len(slot.tokens) - keeps >= WORTH_TOKENS:
            self.warm.save(slot.index, slot.layers, slot.tokens)
        if found:
            shared = self._keep(slot, self._restore(found, slot))
        else:
            if place.source is not None:
                self._copy(self.all[place.source], slot)
            shared = self._keep(slot, place.shared)
        slot.layers, slot.occupant = sequence.layers, occupant
        sequence.slot, sequence.evaluated, sequence.reused = slot.index, shared, shared
        return slot

    def next_of(self, waiting: Iterable[Sequence]) -> Sequence | None:
        """Who gets the next free slot; not one who would rather wait for a beginning on its way."""
        held = Counter[LayerSet | None](slot.layers for slot in self.busy)
        known = {scheduler.Waiting(one.number, one.layers): one for one in waiting}
        order = scheduler.order_of_admission(known, held)
        return next((known[one] for one in order if not self._better_soon(known[one])), None)

    def _better_soon(self, sequence: Sequence) -> bool:
        """Whether this sequence should wait for a beginning that is being evaluated now."""
        if not sequence.reuse:
            return False
        running = [
            placement.Prefilling(one.layers, one.prompt, one.evaluated)
            for one in (slot.occupant.sequence for slot in self.busy if slot.occupant)
            if one.state is State.PREFILLING
        ]
        if not running:
            return False
        place = self._place(sequence)
        found = self._warmer(sequence, place)
        return placement.is_worth_waiting(
            running,
            sequence.layers,
            sequence.prompt,
            sequence.reusable,
            at_hand=found.shared if found else place.shared,
        )

    def _warmer(self, sequence: Sequence, place: placement.Placement) -> Found | None:
        """What was kept of this prompt's beginning, if it is much more than the slots give."""
        if not sequence.reuse:
            return None
        found = self.warm.find(sequence.layers, sequence.prompt, sequence.reusable)
        return found if found and found.shared - place.shared >= WORTH_TOKENS else None

    def _restore(self, found: Found, slot: Slot) -> int:
        """Put a kept state into a slot; returns how many tokens of the prompt then stand there."""
        self.wipe(slot)
        if not self.warm.restore(found, slot.index):
            return 0
        slot.layers, slot.tokens = found.kept.layers, list(found.kept.tokens)
        return found.shared

    def _place(self, sequence: Sequence) -> placement.Placement:
        views = [
            placement.Slot(
                slot.index, slot.layers, slot.tokens, slot.last_used, free=slot.occupant is None
            )
            for slot in self.all
        ]
        reusable = sequence.reusable if sequence.reuse else 0
        return placement.choose_slot(views, sequence.layers, sequence.prompt, reusable)

    def _copy(self, source: Slot, target: Slot) -> None:
        """Give a free slot everything that another one holds."""
        self.wipe(target)
        self._base.copy(source.index, target.index)
        target.layers, target.tokens = source.layers, list(source.tokens)

    def leave(self, slot: Slot) -> None:
        """The sequence is over; its KV stays for the next one with the same beginning."""
        if slot.occupant:
            slot.occupant.close()
        self._uses += 1
        slot.occupant, slot.last_used = None, self._uses

    def take_back(self, slot: Slot, count: int) -> None:
        """Forget the last tokens of a slot: their step was not done."""
        self._keep(slot, len(slot.tokens) - count)

    def wipe(self, slot: Slot) -> None:
        """Forget everything in a slot."""
        self._keep(slot, 0)
        slot.layers = None

    def _keep(self, slot: Slot, count: int) -> int:
        """Cut a slot's KV to its first `count` tokens; returns how many really stand."""
        if not self._base.forget(slot.index, count):  # some architectures drop all or nothing
            self._base.forget(slot.index)
            count = 0
        del slot.tokens[count:]
        return count
