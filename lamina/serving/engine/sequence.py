"""One answer being made, or texts being scored: their tokens, their place, their state."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import numpy.typing as npt

from lamina.errors import LaminaError
from lamina.serving.layers.blends import LayerSet
from lamina.serving.llama import Sampling

Floats = npt.NDArray[np.float32]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Generation:
    """What a request asks for besides its prompt."""

    max_tokens: int | None = None  # None: until the context is full
    stop: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    top_logprobs: int | None = None  # None: no log-probabilities; 0: of the chosen token only
    ignore_eos: bool = False  # go on past the end: for benchmarks
    spelled: frozenset[int] = frozenset()  # special tokens that stand in the answer's text


@dataclass(frozen=True)
class TokenLogprob:
    """Natural log-probabilities at one position, from the model's own logits at temperature 1."""

    token: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()  # (token, logprob), likeliest first
    begins: bool = False  # an answer whose first space is left out


class State(Enum):
    """Where a sequence stands. It moves only forward."""

    WAITING = "waiting"  # no slot yet
    PREFILLING = "prefilling"  # its prompt is being evaluated
    DECODING = "decoding"  # one token a step
    DONE = "done"


_NEXT = {
    State.WAITING: {State.PREFILLING, State.DONE},
    State.PREFILLING: {State.DECODING, State.DONE},
    State.DECODING: {State.DONE},
    State.DONE: set(),
}


@dataclass(frozen=True)
class Delta:
    """What one step added to an answer."""

    text: str
    tokens: tuple[int, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a sequence ended, and what it cost."""

    finish_reason: str  # stop | length | cancelled
    prompt_tokens: int
    reused_tokens: int  # of the prompt, taken from KV of the same layer set
    completion_tokens: int
    queued_ms: float  # from acceptance to a slot
    first_token_ms: float  # from acceptance
    total_ms: float
    logprobs: tuple[float, ...] = ()  # scored tokens, natural log


Event = Delta | Outcome | LaminaError
Sink = Callable[[Event], None]


def _unheard(_event: Event) -> None:
    """Nobody listens."""


@dataclass(eq=False)
class Sequence:
    """Owned by the engine thread once it is submitted."""

    layers: LayerSet
    prompt: list[int]
    generation: Generation
    score_from: int | None = None  # index of the first prompt token to score; None: generate
    branches: tuple[tuple[int, ...], ...] = ()  # how the prompt may go on: all are scored
    reuse: bool = True  # whether KV of an earlier request may be used
    strip_first_space: bool = False
    keeps_logits: bool = False  # whether the prompt's last logits are kept, for the self-test
    sink: Sink = _unheard  # called on the engine thread
    number: int = field(default_factory=lambda: next(_numbers))
    state: State = State.WAITING
    was_cut: bool = False  # a step that evaluated it was cut short for somebody else
    slot: int | None = None
    evaluated: int = 0  # tokens of `prompt + answer` whose KV stands in the slot
    reused: int = 0
    answer: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    accepted_s: float = 0.0
    admitted_s: float = 0.0
    first_token_s: float = 0.0
    logits: Floats | None = None  # (n_vocab,), a copy

    def transition(self, state: State) -> None:
        """Move on.

        Raises:
            ValueError: there is no way from here to there.

        """
        if state not in _NEXT[self.state]:
            msg = f"sequence {self.number} cannot go from {self.state.value} to {state.value}"
            raise ValueError(msg)
        self.state = state

    @property
    def branching_tokens(self) -> int:
        """Tokens of a step that scores its branches; after a branch's last one nothing is asked."""
        return len(self.prompt) + sum(len(branch) - 1 for branch in self.branches)

    @property
    def pending(self) -> int:
        """Prompt tokens still to evaluate."""
        return max(len(self.prompt) - self.evaluated, 0)

    @property
    def reusable(self) -> int:
        """How many leading tokens may come from KV: the logits of all that follow are needed."""
        last = len(self.prompt) - 1
        return last if self.score_from is None else min(last, self.score_from - 1)
