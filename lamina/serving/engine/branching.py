"""Prompts that go on in several ways, scored side by side. Engine thread only.

A question with seven answers is evaluated in one step: the question once, each answer as a branch
that sees the question and nothing of the others. As many questions of one layer set as there is
room for go together. All this happens in a context beside the server's own, with one KV for all
branches, which is wiped after every step: nothing that was evaluated under one layer set is there
when the next one comes, and no slot is taken from those who wait for answers.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from lamina.errors import LaminaError, ResourceError
from lamina.serving.engine.failures import unforeseen
from lamina.serving.engine.occupant import log_total
from lamina.serving.engine.sequence import Outcome, Sequence, State
from lamina.serving.engine.step import Counters
from lamina.serving.layers.blends import LayerSet
from lamina.serving.layers.residency import Residency
from lamina.serving.llama import Base

MOST_BRANCHES = 128  # of one step, over all its prompts


class Branching:
    """Prompts with branches that wait, and the context in which they are scored."""

    def __init__(
        self,
        base: Base,
        residency: Residency,
        counters: Counters,
        on_over: Callable[[Sequence], None],
    ) -> None:
        self.waiting: list[Sequence] = []
        self._base = base
        self._residency = residency
        self._counters = counters
        self._on_over = on_over
        self._beside = ExitStack()
        self._context: Base | None = None

    @property
    def lanes(self) -> set[LayerSet]:
        """Layer sets that somebody waits for."""
        return {sequence.layers for sequence in self.waiting}

    def cancel(self, sequence: Sequence) -> None:
        """Drop one that waits."""
        if sequence in self.waiting:
            self.waiting.remove(sequence)
            self._on_over(sequence)

    def step(self, lane: LayerSet, room: int) -> None:
        """Score the next prompts of one layer set: those that fit, and one at least."""
        together = list(self._next(lane, room))
        for sequence in together:
            self.waiting.remove(sequence)
            sequence.transition(State.PREFILLING)
            sequence.admitted_s = time.monotonic()
        try:
            self._score(together, lane)
        except LaminaError as error:
            self.fail(together, error)
        except Exception as error:  # noqa: BLE001 - one strange request must not end the others
            self.fail(together, unforeseen(error))

    def fail(self, sequences: list[Sequence], error: LaminaError) -> None:
        """Tell these that it is over."""
        for sequence in sequences:
            if sequence.state is not State.DONE:
                sequence.sink(error)
                self._on_over(sequence)

    def abandon(self, error: LaminaError) -> None:
        """Tell all who wait."""
        self.fail(self.waiting, error)
        self.waiting = []

    def close(self) -> None:
        """Free the context."""
        self._beside.close()

    def _next(self, lane: LayerSet, room: int) -> Iterator[Sequence]:
        tokens = branches = 0
        for sequence in self.waiting:
            if sequence.layers == lane:
                first = not tokens
                tokens += sequence.branching_tokens
                branches += len(sequence.branches)
                if not first and (tokens > room or branches > MOST_BRANCHES):
                    return
                yield sequence

    def _score(self, sequences: list[Sequence], lane: LayerSet) -> None:
        context = self._opened()
        if context.apply(self._residency.handles(lane)):
            self._counters.swaps += 1
        rows = _fill(context, sequences)
        began_s = time.monotonic()
        code = context.decode()
        self._counters.decode_s += time.monotonic() - began_s
        self._counters.steps += 1
        self._counters.step_tokens += context.batch.size
        try:
            if code:
                msg = f"llama.cpp failed in a step (code {code}); ask again, or with fewer answers"
                raise ResourceError(msg)
            for sequence, places in zip(sequences, rows, strict=True):
                sequence.scores = _scores(context, sequence, places)
                sequence.sink(_outcome(sequence))
                self._on_over(sequence)
        finally:
            context.forget_all()

    def _opened(self) -> Base:
        if self._context is None:
            room = self._base.options.n_batch
            beside = self._base.fresh(room, MOST_BRANCHES, one_kv=True)
            self._context = self._beside.enter_context(beside)
        return self._context


def _fill(context: Base, sequences: list[Sequence]) -> list[list[int]]:
    """Put whole prompts into the batch; for each, where its last token and its branches begin."""
    context.batch.clear()
    rows, slot = [], 0
    for sequence in sequences:
        last, count = len(sequence.prompt) - 1, len(sequence.branches)
        trunk = context.batch.add(
            sequence.prompt, position=0, slot=slot, shared_by=count, wanted_from=last
        )
        begins = [
            context.batch.add(branch[:-1], position=last + 1, slot=slot + at, wanted_from=0)
            for at, branch in enumerate(sequence.branches)
        ]
        rows.append([trunk + last, *begins])
        slot += count
    return rows


def _scores(context: Base, sequence: Sequence, places: list[int]) -> list[float]:
    """Log-probability of every token of every branch, one branch after the other."""
    trunk, *begins = places
    first = context.logits(trunk)
    total = log_total(first)
    found = []
    for branch, begin in zip(sequence.branches, begins, strict=True):
        found.append(float(first[branch[0]]) - total)
        for row, token in enumerate(branch[1:], start=begin):
            logits = context.logits(row)
            found.append(float(logits[token]) - log_total(logits))
    if not all(map(math.isfinite, found)):
        msg = "the model computed no numbers; check its layers with `lamina doctor`"
        raise ResourceError(msg)
    return found


def _outcome(sequence: Sequence) -> Outcome:
    now_s = time.monotonic()
    total_ms = 1000 * (now_s - sequence.accepted_s)
    return Outcome(
        finish_reason="stop",
        prompt_tokens=sequence.branching_tokens,
        reused_tokens=0,
        completion_tokens=0,
        queued_ms=1000 * (sequence.admitted_s - sequence.accepted_s),
        first_token_ms=total_ms,
        total_ms=total_ms,
        logprobs=tuple(sequence.scores),
    )
