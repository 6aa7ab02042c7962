"""One evaluation: whose tokens go in, and how long it took. Engine thread only."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lamina.serving.engine import scheduler
from lamina.serving.engine.slots import Slot
from lamina.serving.engine.warm import WarmFigures
from lamina.serving.llama import Base

_SMOOTHING = 0.3  # weight of the newest measurement


@dataclass
class Counters:
    """What the engine did since it started. Written by its thread, read by anyone."""

    steps: int = 0
    step_tokens: int = 0
    decode_s: float = 0.0  # inside llama.cpp
    swaps: int = 0
    reused_tokens: int = 0
    waiting: int = 0
    running: int = 0
    warm: WarmFigures = field(default_factory=WarmFigures)


class Share(NamedTuple):
    """The next `size` tokens of a slot's sequence."""

    slot: Slot
    size: int


class Part(NamedTuple):
    """A slot's tokens in the batch: `size` of them from index `begin` on."""

    slot: Slot
    begin: int
    size: int


class Stepper:
    """Fills the batch and decodes it; learns how fast prompts are evaluated."""

    def __init__(self, base: Base, stall_s: float, counters: Counters) -> None:
        self._base = base
        self._stall_s = stall_s  # longest pause that a prompt may cause to running answers
        self._counters = counters
        self._prefill_rate = 0.0  # tokens per second, recent
        self._parts: list[Part] = []

    def plan(self, slots: Sequence[Slot], busy: Sequence[Slot]) -> list[list[Share]]:
        """What is evaluated one after the other: a token of each answer, then parts of prompts.

        `slots` hold one layer set; `busy` are those of every set: their answers wait meanwhile.
        """
        most = self._base.options.n_batch
        answers = [Share(slot, 1) for slot in slots if slot.decodes][:most]
        reading = {
            slot.occupant.sequence.number: slot
            for slot in slots
            if slot.occupant and not slot.decodes
        }
        if not reading:
            return [answers]
        prompts = [slot.occupant.sequence for slot in reading.values() if slot.occupant]
        room = prefill = 0
        for one in sorted(prompts, key=lambda one: one.number):  # the early have more room
            own = self.prefill_room(one.accepted_s, busy, is_long=one.pending > most)
            room += min(one.pending, own)
            prefill = max(prefill, min(room, own))
        left = [scheduler.Share(one.number, one.pending) for one in prompts]
        tokens = dict(scheduler.share_out(left, most, prefill))
        return [
            answers,
            [Share(slot, tokens[number]) for number, slot in reading.items() if number in tokens],
        ]

    def fill(self, shares: Sequence[Share]) -> list[Part]:
        """Put these into the batch, in their order."""
        self._base.batch.clear()
        self._parts = [self._put(*share) for share in shares]
        return self._parts

    def prefill_room(self, accepted_s: float, busy: Sequence[Slot], *, is_long: bool) -> int:
        """Prompt tokens that one step may take for a prompt accepted then."""
        answers = [slot.occupant.sequence for slot in busy if slot.occupant and slot.decodes]
        answering = [scheduler.Answering(one.admitted_s, one.first_token_s) for one in answers]
        return scheduler.prefill_room(
            room=self._base.options.n_batch,
            tokens_per_s=self._prefill_rate,
            patience_s=scheduler.patience_s(answering, accepted_s, self._stall_s, is_long=is_long),
        )

    def _put(self, slot: Slot, count: int) -> Part:
        assert slot.occupant  # noqa: S101 - for the type checker: only busy slots come here
        tokens = slot.occupant.next_tokens(count)
        begin = self._base.batch.add(
            tokens,
            position=len(slot.tokens),
            slot=slot.index,
            wanted_from=slot.occupant.wanted_from(count),
        )
        slot.tokens.extend(tokens)
        return Part(slot, begin, count)

    def decode(self) -> int:
        """Do the step; llama.cpp's code, 0 = done."""
        started_s = time.monotonic()
        code = self._base.decode()
        if code == 0:
            self._measure(time.monotonic() - started_s)
        return code

    def _measure(self, seconds: float) -> None:
        tokens = sum(part.size for part in self._parts)
        self._counters.steps += 1
        self._counters.decode_s += seconds
        self._counters.step_tokens += tokens
        if tokens > 2 * len(self._parts) and seconds > 0:  # mostly prompts
            newest = tokens / seconds
            change = (newest - self._prefill_rate) * _SMOOTHING
            self._prefill_rate = self._prefill_rate + change if self._prefill_rate else newest
