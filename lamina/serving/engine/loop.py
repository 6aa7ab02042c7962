"""What the engine thread does, turn by turn: admit, choose a layer set, decode one step, deliver.

All state here belongs to that thread.
"""

import queue
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeAlias

from lamina.errors import LaminaError, ResourceError
from lamina.serving.engine import scheduler
from lamina.serving.engine.branching import Branching
from lamina.serving.engine.failures import stopping, unforeseen
from lamina.serving.engine.options import EngineOptions
from lamina.serving.engine.present_step import PresentStep
from lamina.serving.engine.sequence import Outcome, Sequence, State
from lamina.serving.engine.slots import Slot, Slots
from lamina.serving.engine.step import Counters, Part, Share, Stepper
from lamina.serving.layers.blends import LayerSet
from lamina.serving.layers.residency import Memory, Residency
from lamina.serving.llama import Base, Interrupt


class Loop:
    """The engine thread's own state. `on_over` is called for each accepted sequence that ends."""

    def __init__(  # noqa: PLR0913 - what it shares with other threads
        self,
        base: Base,
        options: EngineOptions,
        counters: Counters,
        memory: Memory,
        *,
        present: PresentStep,
        on_over: Callable[[Sequence], None],
    ) -> None:
        self.alive = True
        self.waiting: deque[Sequence] = deque()
        self.base = base
        self.slots = Slots(base, options.warm, counters.warm, memory)
        self.residency = Residency(base, options.adapter_bytes, memory)
        self.branching = Branching(base, self.residency, counters, present, self._over)
        self._counters = counters
        self._present = present
        self._on_over = on_over
        self._turns: scheduler.Turns[LayerSet] = scheduler.Turns(options.slice_s)
        self._stepper = Stepper(base, options.prefill_stall_s, counters)
        self._alone: deque[Callable[[Loop], None]] = deque()  # wait until nothing runs
        self._stirred = False  # whether layers may be needed no more

    # -- commands ---------------------------------------------------------------------------------

    def take_commands(self, commands: "queue.SimpleQueue[Command]") -> None:
        """Carry out what was asked; wait for something when there is nothing to do."""
        idle = not (self.waiting or self.slots.busy or self._alone or self.branching.busy)
        try:
            while self.alive:
                command = commands.get(block=idle)
                idle, self._stirred = False, True
                command(self)
        except queue.Empty:
            return

    def take(self, sequences: tuple[Sequence, ...]) -> None:
        """These wait from now on: for a slot, or for a step in which their branches are scored."""
        for sequence in sequences:
            if sequence.branches:
                self.branching.waiting.append(sequence)
                self._turns.came(sequence.layers, sequence.accepted_s)
            else:
                self.waiting.append(sequence)

    def cancel(self, sequences: tuple[Sequence, ...]) -> None:
        """Drop these, wherever they are."""
        for sequence in sequences:
            self.branching.cancel(sequence)
            if sequence.state is State.WAITING and sequence in self.waiting:
                self.waiting.remove(sequence)
                self._over(sequence)
            elif sequence.slot is not None and sequence.state is not State.DONE:
                self._leave(self.slots.all[sequence.slot])

    def load(self, layers: LayerSet, done: Future[float]) -> None:
        """Make a set's layers resident."""
        started_s = time.perf_counter()
        try:
            self.residency.handles(layers)
            asked = {layer.digest for layer in layers.layers}
            self.residency.trim(self._needed() | asked)
        except LaminaError as error:
            done.set_exception(error)
            return
        done.set_result(1000 * (time.perf_counter() - started_s))

    def run_alone(self, action: Callable[["Loop"], None]) -> None:
        """Do this when nothing runs; nobody new is admitted until then."""
        self._alone.append(action)

    def end(self) -> None:
        """Stop after this turn."""
        self.alive = False

    # -- turns ------------------------------------------------------------------------------------

    def turn(self) -> None:
        """Admit whom there is room for, then do one step."""
        if self._alone and not self.slots.busy:
            self._alone.popleft()(self)
        self._admit()
        ready = {slot.layers for slot in self.slots.busy if slot.layers}
        lane = self._turns.choose(ready | self.branching.ready, time.monotonic())
        if lane is not None:
            self.step(lane)
            if lane in self.branching.ready:
                early_s = self.branching.accepted_s(lane)
                room = self._stepper.prefill_room(early_s, self.slots.busy, is_long=False)
                self.branching.step(lane, room)
        if self._stirred:
            self._stirred = False
            self.residency.trim(self._needed())
            self.slots.warm.let_go()
        self._counters.waiting = len(self.waiting) + self.branching.busy
        self._counters.running = len(self.slots.busy)

    def _admit(self) -> None:
        while self.waiting and self.slots.free and not self._alone:
            sequence = self.slots.next_of(self.waiting)
            if sequence is None:
                return
            self.seat(sequence)
            self.waiting.remove(sequence)

    def seat(self, sequence: Sequence) -> None:
        """Give a sequence a free slot and load its layers; end it where that cannot be."""
        try:
            self.residency.handles(sequence.layers)
            self.slots.seat(sequence)
        except LaminaError as error:
            self._fail(sequence, error)
            return
        except Exception as error:  # noqa: BLE001 - one strange request must not end the others
            self._fail(sequence, unforeseen(error))
            return
        sequence.transition(State.PREFILLING)
        sequence.admitted_s = time.monotonic()
        self._turns.came(sequence.layers, sequence.accepted_s)
        self._counters.reused_tokens += sequence.reused
        self.residency.trim(self._needed())

    def _lanes(self) -> set[LayerSet]:
        """Layer sets for which there is something to do."""
        return {slot.layers for slot in self.slots.busy if slot.layers} | self.branching.lanes

    def _needed(self) -> set[str]:
        """Layers of those who are in a slot or wait."""
        lanes = self._lanes() | {one.layers for one in self.waiting}
        return {layer.digest for lane in lanes for layer in lane.layers}

    def step(self, lane: LayerSet) -> None:
        """Evaluate the next tokens of one layer set's sequences."""
        busy = self.slots.busy
        mine = [slot for slot in busy if slot.layers == lane]
        if mine and self.base.apply(self.residency.handles(lane)):
            self._counters.swaps += 1
        for shares in self._stepper.plan(mine, busy):
            if shares:
                self._evaluate(shares)

    def _evaluate(self, shares: list[Share]) -> None:
        parts = self._stepper.fill(shares)
        mine = [part.slot.occupant.sequence for part in parts if part.slot.occupant]
        with self._present.evaluating(mine):
            code = self._stepper.decode()
        if code == Interrupt.CUT:
            self._step_cut(parts)
            return
        for slot, begin, count in parts:
            if code:  # its KV is in doubt
                msg = f"llama.cpp failed in a step (code {code}); ask again, or with less"
                self._give_up(slot, ResourceError(msg))
            else:
                self._advance(slot, begin, count)

    # -- what a step means ------------------------------------------------------------------------

    def _advance(self, slot: Slot, begin: int, count: int) -> None:
        occupant = slot.occupant
        if occupant is None:
            return
        try:
            for event in occupant.advance(begin, count):
                occupant.sequence.sink(event)
                if isinstance(event, Outcome):
                    self._leave(slot)
        except LaminaError as error:
            self._give_up(slot, error)
        except Exception as error:  # noqa: BLE001 - one strange request must not end the others
            self._give_up(slot, unforeseen(error))

    def _step_cut(self, parts: list[Part]) -> None:
        """Somebody left in the middle of the step, or the engine stops: as if it had not begun."""
        for slot, _, count in parts:
            self.slots.take_back(slot, count)
            if self._present.stopped:
                self._give_up(slot, stopping())
            elif slot.occupant:
                slot.occupant.sequence.was_cut = True

    def _give_up(self, slot: Slot, error: LaminaError) -> None:
        """End the slot's sequence with an error; keep nothing of it."""
        if slot.occupant:
            slot.occupant.sequence.sink(error)
            self._leave(slot)
        self.slots.wipe(slot)

    def _fail(self, sequence: Sequence, error: LaminaError) -> None:
        sequence.sink(error)
        self._over(sequence)

    def _leave(self, slot: Slot) -> None:
        if slot.occupant:
            sequence = slot.occupant.sequence
            self.slots.leave(slot)
            self._over(sequence)

    def _over(self, sequence: Sequence) -> None:
        if sequence.state is State.DONE:
            return
        self._stirred = True
        sequence.transition(State.DONE)
        if sequence.layers not in self._lanes():
            self._turns.left(sequence.layers)
        self._on_over(sequence)

    def abandon(self, error: LaminaError) -> None:
        """Tell everyone that it is over."""
        for slot in self.slots.busy:
            if slot.occupant:
                self._fail(slot.occupant.sequence, error)
                self.slots.leave(slot)
        while self.waiting:
            self._fail(self.waiting.popleft(), error)
        self.branching.abandon(error)


Command: TypeAlias = Callable[[Loop], None]
