"""Who runs next: pure functions of the state, no clock, no llama.cpp.

llama.cpp applies layers to a whole context, so a step serves one layer set: its lane. Lanes take
turns in time slices; inside a step all sequences of the lane go together. Prompts are evaluated in
chunks so that they do not hold up the sequences that are already answering.

Each sequence has a stream of KV of its own. llama.cpp evaluates streams together only where they
are neighbours, stand in the batch in their order, and bring equally many tokens; anything else it
splits without a word, and every part then costs what a step costs. So answers and prompts are
evaluated one after the other, in the order of their slots, and slots are given out side by side
(`placement`).
"""

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)

# llama.cpp multiplies repacked weights with 16 tokens at a time. The rest goes four by four and one
# by one: on AVX-512, 36 tokens take as long as 48 (measured: 390 ms, 32 take 275).
TILE_TOKENS = 16

# An answer waits this many times as long as its own prompt took for prompts that came with it. At 1
# sixteen requests paused so often that the 95th percentile showed it; at 4 whole steps go to them.
TOGETHER = 4


class Lane(NamedTuple, Generic[Key]):
    """One layer set with a sequence in a slot."""

    key: Key
    active_for_s: float  # since it got its turn; 0 unless it is the current lane
    waited_s: float  # since its last turn, or since work came
    current: bool = False


def choose_lane(lanes: Iterable[Lane[Key]], max_slice_s: float) -> Lane[Key] | None:
    """The lane of the next step: the current one inside its slice, else the longest-waiting."""
    known = list(lanes)
    for lane in known:
        if lane.current and lane.active_for_s < max_slice_s:
            return lane
    others = [lane for lane in known if not lane.current]
    return max(others or known, key=lambda lane: lane.waited_s, default=None)


class Turns(Generic[Key]):
    """When each lane had its last turn; the time is told."""

    def __init__(self, slice_s: float) -> None:
        self._slice_s = slice_s
        self._current: Key | None = None
        self._since_s = 0.0
        self._last_s: dict[Key, float] = {}

    def came(self, key: Key, accepted_s: float) -> None:
        """A sequence of this lane was admitted; its waiting counts from when it was accepted."""
        self._last_s.setdefault(key, accepted_s)

    def left(self, key: Key) -> None:
        """The last sequence of this lane is over."""
        self._last_s.pop(key, None)

    def choose(self, ready: Iterable[Key], now_s: float) -> Key | None:
        """The lane of the next step, of those with a sequence in a slot."""
        lanes = [
            Lane(
                key=one,
                active_for_s=now_s - self._since_s if one == self._current else 0.0,
                waited_s=now_s - self._last_s.get(one, now_s),
                current=one == self._current,
            )
            for one in ready
        ]
        chosen = choose_lane(lanes, self._slice_s)
        if chosen is None:
            self._current = None
            return None
        if chosen.key != self._current or chosen.active_for_s >= self._slice_s:
            self._current, self._since_s = chosen.key, now_s
        self._last_s[chosen.key] = now_s
        return chosen.key


class Waiting(NamedTuple):
    """A sequence without a slot."""

    number: int  # smaller = accepted earlier
    lane: Hashable


def choose_admission(waiting: Sequence[Waiting], slots_held: Mapping[Any, int]) -> Waiting | None:
    """Who gets a free slot: the lane that holds fewest, then who came first.

    So a lane with a thousand requests cannot keep another lane's only request waiting.
    """
    return min(waiting, key=lambda one: (slots_held.get(one.lane, 0), one.number), default=None)


class Share(NamedTuple):
    """A part of a step: the next `tokens` tokens of a sequence."""

    number: int
    tokens: int


class Runner(NamedTuple):
    """A sequence in a slot. `pending` prompt tokens are left; 0 = it decodes."""

    number: int
    pending: int


class Step(NamedTuple):
    """What is evaluated one after the other: a token of each answer, then parts of prompts."""

    answers: tuple[Share, ...]
    prompts: tuple[Share, ...]


def compose_step(runners: Iterable[Runner], room: int, prefill_room: int) -> Step:
    """The step's shares: every decoding sequence's token, then prompts.

    The oldest prompt gets half of what there is, then the shortest ones come first: a short prompt
    does not wait for a long one, and no number of short ones keeps a long one from getting on.

    At most `room` tokens each, and about `prefill_room` of prompts: a step that cuts a prompt
    holds whole tiles.
    """
    ordered = sorted(runners, key=lambda runner: runner.number)
    answers = tuple(Share(runner.number, 1) for runner in ordered if not runner.pending)
    prompts = [runner for runner in ordered if runner.pending]
    left = min(room, prefill_room)
    if left < sum(runner.pending for runner in prompts):
        left = min(room, max(left // TILE_TOKENS, 1) * TILE_TOKENS)
    return Step(answers[:room], tuple(_share_out(prompts, left)))


def _share_out(prompts: Sequence[Runner], room: int) -> Iterator[Share]:
    """Tokens for each of these prompts, which stand oldest first."""
    first = min(prompts[0].pending, (room + 1) // 2) if prompts else 0
    left = room - first
    given = {runner.number: first if runner is prompts[0] else 0 for runner in prompts}
    for runner in sorted(prompts, key=lambda one: one.pending - given[one.number]):
        more = min(runner.pending - given[runner.number], left)
        given[runner.number] += more
        left -= more
    return (Share(number, tokens) for number, tokens in given.items() if tokens)


class Answering(NamedTuple):
    """A sequence that has begun to answer: when it got its slot, and its first token."""

    admitted_s: float
    first_token_s: float


def patience_s(
    answering: Iterable[Answering], accepted_s: float, stall_s: float, *, is_long: bool = False
) -> float:
    """How long a prompt that was accepted at this time may hold up these answers in one step.

    An answer that was under way when the prompt came waits for `stall_s`, and nobody waits longer
    for a long prompt. An answer that began while the prompt was waiting beside it waits four times
    as long as its own prompt took: requests that come together then soon decode together, which
    costs far less than one by one. Infinite without answers.
    """
    return min(
        (
            max(stall_s, TOGETHER * (one.first_token_s - one.admitted_s))
            if accepted_s <= one.first_token_s and not is_long
            else stall_s
            for one in answering
        ),
        default=math.inf,
    )


def prefill_room(*, room: int, tokens_per_s: float, patience_s: float) -> int:
    """Prompt tokens that one step may take: what the machine evaluates in that time."""
    if math.isinf(patience_s) or tokens_per_s <= 0:
        return room
    return min(room, int(tokens_per_s * patience_s))
