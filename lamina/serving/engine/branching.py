"""A prompt that goes on in several ways, all of them scored in one step. Engine thread only.

A question with seven answers: the question is evaluated once, and each answer as a branch that sees
the question and nothing of the others. This happens in a context beside the server's own, with one
KV for all branches, which is wiped after every step: nothing that was evaluated under one layer set
is there when the next one comes, and no slot is taken from those who wait for answers.

One prompt a step: rounding then hangs on nothing but the prompt and its branches, so that two layer
sets can be compared to the last bit. Several together are not faster (measured: a step of 130
tokens costs as much a token as one of 400).
"""

import math
import time
from collections.abc import Callable
from contextlib import ExitStack

from lamina.errors import LaminaError, ResourceError
from lamina.serving.engine.failures import unforeseen
from lamina.serving.engine.occupant import log_total
from lamina.serving.engine.sequence import Outcome, Sequence, State
from lamina.serving.engine.step import Counters
from lamina.serving.layers.blends import LayerSet
from lamina.serving.layers.residency import Residency
from lamina.serving.llama import Base

MOST_BRANCHES = 64  # of one prompt


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

    def step(self, lane: LayerSet) -> None:
        """Score the branches of the prompt that has waited longest for this layer set."""
        sequence = next(one for one in self.waiting if one.layers == lane)
        self.waiting.remove(sequence)
        sequence.transition(State.PREFILLING)
        sequence.admitted_s = time.monotonic()
        try:
            sequence.scores = self._scores(sequence)
            sequence.sink(_outcome(sequence))
        except LaminaError as error:
            sequence.sink(error)
        except Exception as error:  # noqa: BLE001 - one strange request must not end the others
            sequence.sink(unforeseen(error))
        self._on_over(sequence)

    def abandon(self, error: LaminaError) -> None:
        """Tell all who wait that it is over."""
        while self.waiting:
            sequence = self.waiting.pop()
            sequence.sink(error)
            self._on_over(sequence)

    def close(self) -> None:
        """Free the context."""
        self._beside.close()

    def _scores(self, sequence: Sequence) -> list[float]:
        context = self._opened()
        if context.apply(self._residency.handles(sequence.layers)):
            self._counters.swaps += 1
        places = _fill(context, sequence)
        began_s = time.monotonic()
        try:
            code = context.decode()
            self._counters.decode_s += time.monotonic() - began_s
            self._counters.steps += 1
            self._counters.step_tokens += context.batch.size
            if code:
                msg = f"llama.cpp failed in a step (code {code}); ask again, or with fewer answers"
                raise ResourceError(msg)
            return _read(context, sequence, *places)
        finally:
            context.forget_all()

    def _opened(self) -> Base:
        if self._context is None:
            room = self._base.options.n_batch
            beside = self._base.fresh(room, MOST_BRANCHES, one_kv=True)
            self._context = self._beside.enter_context(beside)
        return self._context


def _fill(context: Base, sequence: Sequence) -> tuple[int, list[int]]:
    """Put it all into the batch; where the prompt's last token stands, and each branch's first."""
    context.batch.clear()
    last, count = len(sequence.prompt) - 1, len(sequence.branches)
    trunk = context.batch.add(
        sequence.prompt, position=0, slot=0, shared_by=count, wanted_from=last
    )
    begins = [
        context.batch.add(branch[:-1], position=last + 1, slot=slot, wanted_from=0)
        for slot, branch in enumerate(sequence.branches)
    ]
    return trunk + last, begins


def _read(context: Base, sequence: Sequence, trunk: int, begins: list[int]) -> list[float]:
    """Log-probability of every token of every branch, one branch after the other."""
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
