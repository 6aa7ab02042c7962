"""A prompt that goes on in several ways, all of them scored together. Engine thread only.

A question with seven answers: the question is evaluated once, and each answer as a branch that sees
the question and nothing of the others. This happens in a context beside the server's own, with one
KV for all branches, which is wiped before the next prompt: nothing that was evaluated under one
layer set is there when another one comes, and no slot is taken from those who wait for answers.

One prompt at a time, and in one step unless somebody is answering meanwhile: rounding then hangs on
nothing but the prompt and its branches, so that two layer sets can be compared to the last bit.
Several prompts in one step are no faster (docs/experiments.md).
"""

import math
import time
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Several
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

from lamina.errors import LaminaError, ResourceError
from lamina.serving.engine.failures import unforeseen
from lamina.serving.engine.occupant import log_total
from lamina.serving.engine.present_step import PresentStep
from lamina.serving.engine.sequence import Outcome, Sequence, State
from lamina.serving.engine.step import Counters
from lamina.serving.layers.blends import LayerSet
from lamina.serving.layers.residency import Residency
from lamina.serving.llama import Base, Interrupt

MOST_BRANCHES = 64  # of one prompt


class _Token(NamedTuple):
    """A token to evaluate: where it stands, which branches see it, and what may come after it."""

    token: int
    position: int
    slot: int
    shared_by: int
    asked: Several[tuple[int, int]]  # place among the scores, and the token that is scored there


@dataclass
class _Work:
    """The prompt that is being scored."""

    sequence: Sequence
    tokens: list[_Token]
    evaluated: int = 0


class Branching:
    """Prompts with branches that wait, and the context in which they are scored."""

    def __init__(
        self,
        base: Base,
        residency: Residency,
        counters: Counters,
        present: PresentStep,
        on_over: Callable[[Sequence], None],
    ) -> None:
        self.waiting: list[Sequence] = []
        self._base = base
        self._residency = residency
        self._counters = counters
        self._present = present
        self._on_over = on_over
        self._beside = ExitStack()
        self._context: Base | None = None
        self._work: _Work | None = None

    @property
    def lanes(self) -> set[LayerSet]:
        """Layer sets that somebody waits for."""
        return {one.layers for one in (*self.waiting, *self._in_hand)}

    @property
    def ready(self) -> set[LayerSet]:
        """Those that can go on now: while a prompt is in hand, its own."""
        return {one.layers for one in self._in_hand} or self.lanes

    @property
    def busy(self) -> int:
        """Prompts that wait or are in hand."""
        return len(self.waiting) + len(self._in_hand)

    def accepted_s(self, lane: LayerSet) -> float:
        """When the next prompt of this layer set was accepted."""
        return self._next(lane).accepted_s

    def cancel(self, sequence: Sequence) -> None:
        """Drop one, wherever it is."""
        if self._work and self._work.sequence is sequence:
            self._leave()
        elif sequence in self.waiting:
            self.waiting.remove(sequence)
            self._on_over(sequence)

    def step(self, lane: LayerSet, room: int) -> None:
        """Evaluate up to `room` tokens for the prompt that waited longest for this layer set."""
        work = self._work = self._work or self._taken(self._next(lane))
        try:
            self._evaluate(work, room)
        except LaminaError as error:
            work.sequence.sink(error)
        except Exception as error:  # noqa: BLE001 - one strange request must not end the others
            work.sequence.sink(unforeseen(error))
        else:
            if work.evaluated < len(work.tokens):
                return
            work.sequence.sink(_outcome(work.sequence))
        self._leave()

    def abandon(self, error: LaminaError) -> None:
        """Tell all that it is over."""
        for sequence in (*self._in_hand, *self.waiting):
            sequence.sink(error)
            self._on_over(sequence)
        self.waiting, self._work = [], None

    def close(self) -> None:
        """Free the context."""
        self._beside.close()

    @property
    def _in_hand(self) -> tuple[Sequence, ...]:
        return (self._work.sequence,) if self._work else ()

    def _next(self, lane: LayerSet) -> Sequence:
        if self._work:
            return self._work.sequence
        return next(one for one in self.waiting if one.layers == lane)

    def _taken(self, sequence: Sequence) -> _Work:
        self.waiting.remove(sequence)
        sequence.transition(State.PREFILLING)
        sequence.admitted_s = time.monotonic()
        sequence.scores = [math.nan] * sum(map(len, sequence.branches))
        return _Work(sequence, list(_tokens(sequence)))

    def _leave(self) -> None:
        """The prompt in hand is over: nothing of it stays."""
        work, self._work = self._work, None
        if self._context:
            self._context.forget_all()
        if work:
            self._on_over(work.sequence)

    def _evaluate(self, work: _Work, room: int) -> None:
        context = self._opened()
        if context.apply(self._residency.handles(work.sequence.layers)):
            self._counters.swaps += 1
        part = work.tokens[work.evaluated : work.evaluated + max(room, 1)]
        context.batch.clear()
        rows = [_put(context, one) for one in part]
        began_s = time.monotonic()
        with self._present.evaluating([work.sequence]):
            code = context.decode()
        self._counters.decode_s += time.monotonic() - began_s
        self._counters.steps += 1
        self._counters.step_tokens += context.batch.size
        if code == Interrupt.CUT:
            return  # who asked has left, or the engine stops: that is told elsewhere
        if code:
            msg = f"llama.cpp failed in a step (code {code}); ask again, or with fewer answers"
            raise ResourceError(msg)
        for row, one in zip(rows, part, strict=True):
            if one.asked:
                _score(context, row, one.asked, work.sequence.scores)
        work.evaluated += len(part)

    def _opened(self) -> Base:
        if self._context is None:
            room = self._base.options.n_batch
            beside = self._base.fresh(room, MOST_BRANCHES, one_kv=True)
            self._context = self._beside.enter_context(beside)
        return self._context


def _tokens(sequence: Sequence) -> Iterator[_Token]:
    """The prompt, shared by all branches, then each branch; a branch's last token asks nothing."""
    last, count = len(sequence.prompt) - 1, len(sequence.branches)
    begins = [0]
    for branch in sequence.branches:
        begins.append(begins[-1] + len(branch))
    first = [(begin, branch[0]) for begin, branch in zip(begins, sequence.branches, strict=False)]
    for position, token in enumerate(sequence.prompt):
        yield _Token(token, position, 0, count, first if position == last else ())
    for slot, branch in enumerate(sequence.branches):
        for at, token in enumerate(branch[:-1], start=1):
            yield _Token(token, last + at, slot, 1, ((begins[slot] + at, branch[at]),))


def _put(context: Base, one: _Token) -> int:
    return context.batch.add(
        (one.token,),
        position=one.position,
        slot=one.slot,
        shared_by=one.shared_by,
        wanted_from=0 if one.asked else 1,
    )


def _score(context: Base, row: int, asked: Several[tuple[int, int]], scores: list[float]) -> None:
    """Log-probabilities of what may come after the token of this row."""
    logits = context.logits(row)
    total = log_total(logits)
    for place, token in asked:
        scores[place] = float(logits[token]) - total
        if not math.isfinite(scores[place]):
            msg = "the model computed no numbers; check its layers with `lamina doctor`"
            raise ResourceError(msg)


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
