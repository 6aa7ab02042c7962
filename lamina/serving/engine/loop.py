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
from lamina.serving.engine.occupant import unforeseen
from lamina.serving.engine.options import Counters, EngineOptions, Owner
from lamina.serving.engine.sequence import Floats, Outcome, Sequence, State
from lamina.serving.engine.slots import Slot, Slots
from lamina.serving.engine.step import Stepper
from lamina.serving.engine.turns import Turns
from lamina.serving.layers.blends import LayerSet
from lamina.serving.layers.residency import Residency
from lamina.serving.llama import Base
from lamina.serving.llama.sampling import Generation, Sampling


class Loop:
    """The engine thread's own state."""

    def __init__(
        self, owner: Owner, base: Base, options: EngineOptions, counters: Counters
    ) -> None:
        self.alive = True
        self.waiting: deque[Sequence] = deque()
        self._owner = owner
        self._options = options
        self._counters = counters
        self._base = base
        self._slots = Slots(base)
        self._residency = Residency(base, options.adapter_bytes)
        self._turns = Turns(options.slice_s)
        self._stepper = Stepper(base, options, counters)
        self._alone: deque[Callable[[Loop], None]] = deque()  # wait until nothing runs

    # -- commands ---------------------------------------------------------------------------------

    def take_commands(self, commands: "queue.SimpleQueue[Command]") -> None:
        """Carry out what was asked; wait for something when there is nothing to do."""
        idle = not (self.waiting or self._slots.busy or self._alone)
        try:
            while self.alive:
                command = commands.get(block=idle)
                idle = False
                command(self)
        except queue.Empty:
            return

    def cancel(self, sequences: tuple[Sequence, ...]) -> None:
        """Drop these, wherever they are."""
        for sequence in sequences:
            if sequence.state is State.WAITING and sequence in self.waiting:
                self.waiting.remove(sequence)
                self._over(sequence)
            elif sequence.slot is not None and sequence.state is not State.DONE:
                self._leave(self._slots.all[sequence.slot])

    def load(self, layers: LayerSet, done: Future[float]) -> None:
        """Make a set's layers resident."""
        started_s = time.perf_counter()
        try:
            self._residency.handles(layers)
            asked = {layer.digest for layer in layers.layers}
            self._residency.trim(self._needed() | asked)
        except LaminaError as error:
            done.set_exception(error)
            return
        self._note_residents()
        done.set_result(1000 * (time.perf_counter() - started_s))

    def run_alone(self, action: Callable[["Loop"], None]) -> None:
        """Do this when nothing runs; nobody new is admitted until then."""
        self._alone.append(action)

    def end(self) -> None:
        """Stop after this turn."""
        self.alive = False

    def probe(self, layers: LayerSet, prompt: list[int]) -> tuple[Floats, Floats, int]:
        """Logits after a prompt: as this server computes them now, and as a fresh context does.

        Both have shape (n_vocab,). The third value is how many tokens came from kept KV. Only for
        actions that run alone.
        """
        one = Generation(max_tokens=1, sampling=Sampling(temperature=0))
        sequence = Sequence(layers, list(prompt), one, keeps_logits=True)
        self._seat(sequence)
        while sequence.state in {State.PREFILLING, State.DECODING}:
            self._step(layers)
        if sequence.logits is None:
            msg = f"the self-test could not run {layers.label}; look at the server's log"
            raise ResourceError(msg)
        return sequence.logits, self._fresh_logits(layers, prompt, sequence.reused), sequence.reused

    def _fresh_logits(self, layers: LayerSet, prompt: list[int], first: int) -> Floats:
        """Logits after a prompt in a fresh context that takes the `first` tokens as one step."""
        with self._base.fresh(len(prompt) + 1) as fresh:
            fresh.apply(self._residency.handles(layers))
            if first:
                fresh.evaluate(prompt[:first], position=0)
            return fresh.evaluate(prompt[first:], position=first)

    def forget_everything(self) -> None:
        """Drop all KV. Only for actions that run alone."""
        for slot in self._slots.free:
            self._slots.wipe(slot)

    # -- turns ------------------------------------------------------------------------------------

    def turn(self) -> None:
        """Admit whom there is room for, then do one step."""
        if self._alone and not self._slots.busy:
            self._alone.popleft()(self)
        self._admit()
        lane = self._turns.choose({slot.layers for slot in self._slots.busy if slot.layers})
        if lane is not None:
            self._step(lane)
        self._counters.waiting = len(self.waiting)
        self._counters.running = len(self._slots.busy)

    def _admit(self) -> None:
        while self.waiting and self._slots.free and not self._alone:
            held: dict[LayerSet | None, int] = {}
            for slot in self._slots.busy:
                held[slot.layers] = held.get(slot.layers, 0) + 1
            sequence = self._choose_waiting(held)
            if sequence is None:
                return
            self._seat(sequence)
            self.waiting.remove(sequence)

    def _choose_waiting(self, held: dict[LayerSet | None, int]) -> Sequence | None:
        """Whom to admit: not one who would rather wait for a beginning that is on its way."""
        candidates = {one.number: one for one in self.waiting}
        while candidates:
            queue_ = [scheduler.Waiting(one.number, one.layers) for one in candidates.values()]
            chosen = scheduler.choose_admission(queue_, held)
            if chosen is None:
                return None
            sequence = candidates.pop(chosen.number)
            if not self._slots.better_soon(sequence):
                return sequence
        return None

    def _seat(self, sequence: Sequence) -> None:
        try:
            self._residency.handles(sequence.layers)
            self._slots.seat(sequence)
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
        self._residency.trim(self._needed())
        self._note_residents()

    def _needed(self) -> set[str]:
        sets = [slot.layers for slot in self._slots.busy if slot.layers]
        running = {layer.digest for one in sets for layer in one.layers}
        return running | self._owner.pinned

    def _step(self, lane: LayerSet) -> None:
        if self._base.apply(self._residency.handles(lane)):
            self._counters.swaps += 1
        busy = self._slots.busy
        mine = [slot for slot in busy if slot.layers == lane]
        for shares in self._stepper.plan(mine, busy):
            if shares:
                self._evaluate(shares, mine)

    def _evaluate(self, shares: tuple[scheduler.Share, ...], slots: list[Slot]) -> None:
        parts = self._stepper.fill(shares, slots)
        code = self._stepper.decode()
        for slot, begin, count in parts:
            if code:
                self._step_failed(slot, code)
            else:
                self._advance(slot, begin, count)

    # -- what a step means ------------------------------------------------------------------------

    def _advance(self, slot: Slot, begin: int, count: int) -> None:
        running = slot.running
        if running is None:
            return
        try:
            for event in running.advance(begin, count):
                running.sequence.sink(event)
                if isinstance(event, Outcome):
                    self._leave(slot)
        except LaminaError as error:
            self._give_up(slot, error)
        except Exception as error:  # noqa: BLE001 - one strange request must not end the others
            self._give_up(slot, unforeseen(error))

    def _step_failed(self, slot: Slot, code: int) -> None:
        """llama.cpp could not do the step: its KV is in doubt, so the slot is wiped."""
        msg = f"llama.cpp failed in a step (code {code}); ask again, or with a shorter prompt"
        self._give_up(slot, ResourceError(msg))

    def _give_up(self, slot: Slot, error: LaminaError) -> None:
        """End the slot's sequence with an error; keep nothing of it."""
        if slot.running:
            slot.running.sequence.sink(error)
            self._leave(slot)
        self._slots.wipe(slot)

    def _fail(self, sequence: Sequence, error: LaminaError) -> None:
        sequence.sink(error)
        self._over(sequence)

    def _leave(self, slot: Slot) -> None:
        if slot.running:
            sequence = slot.running.sequence
            self._slots.leave(slot)
            self._over(sequence)
            if not any(busy.layers == sequence.layers for busy in self._slots.busy):
                self._turns.left(sequence.layers)

    def _over(self, sequence: Sequence) -> None:
        if sequence.state is State.DONE:
            return
        sequence.transition(State.DONE)
        self._owner.finished()

    def _note_residents(self) -> None:
        self._counters.resident = self._residency.digests
        self._counters.resident_bytes = self._residency.size_bytes

    def abandon(self, error: LaminaError) -> None:
        """Tell everyone that it is over."""
        for slot in self._slots.busy:
            if slot.running:
                self._fail(slot.running.sequence, error)
                self._slots.leave(slot)
        while self.waiting:
            self._fail(self.waiting.popleft(), error)


Command: TypeAlias = Callable[[Loop], None]
