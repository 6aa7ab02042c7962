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
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)

# llama.cpp multiplies repacked weights with 16 tokens at a time. The rest goes four by four and one
# by one: on AVX-512, 36 tokens take as long as 48 (measured: 390 ms, 32 take 275).
TILE_TOKENS = 16

# An answer waits this many times as long as its own prompt took for prompts that came with it. At 1
# sixteen requests paused so often that the 95th percentile showed it; at 4 whole steps go to them.
TOGETHER = 4


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

    def choose(self, ready: Collection[Key], now_s: float) -> Key | None:
        """The lane of the next step, of those with something to do; None where there is none.

        The current one goes on inside its slice, then the longest-waiting of the others comes.
        """
        others = [one for one in ready if one != self._current]
        if len(others) == len(ready) or now_s - self._since_s >= self._slice_s:
            self._current = min(
                others or ready, key=lambda one: self._last_s.get(one, now_s), default=None
            )
            self._since_s = now_s
        if self._current is not None:
            self._last_s[self._current] = now_s
        return self._current


class Waiting(NamedTuple):
    """A sequence without a slot."""

    number: int  # smaller = accepted earlier
    lane: Hashable


def order_of_admission(waiting: Iterable[Waiting], slots_held: Mapping[Any, int]) -> list[Waiting]:
    """Who gets a free slot before whom: the lane that holds fewest, then who came first.

    So a lane with a thousand requests cannot keep another lane's only request waiting.
    """
    return sorted(waiting, key=lambda one: (slots_held.get(one.lane, 0), one.number))


class Share(NamedTuple):
    """Tokens of a sequence's prompt: those that are left, or those that a step evaluates."""

    number: int  # of the sequence: smaller = accepted earlier
    tokens: int


def share_out(prompts: Iterable[Share], room: int, prefill_room: int) -> tuple[Share, ...]:
    """What a step evaluates of these prompts.

    The oldest prompt gets half of what there is, then the shortest ones come first: a short prompt
    does not wait for a long one, and no number of short ones keeps a long one from getting on.

    At most `room` tokens, and about `prefill_room`: a step that cuts a prompt holds whole tiles.
    """
    ordered = sorted(prompts)
    left = min(room, prefill_room)
    if left < sum(prompt.tokens for prompt in ordered):
        left = min(room, max(left // TILE_TOKENS, 1) * TILE_TOKENS)
    given = {prompt.number: 0 for prompt in ordered}
    for number, tokens in ordered[:1]:
        given[number] = min(tokens, (left + 1) // 2)
        left -= given[number]
    for number, tokens in sorted(ordered, key=lambda one: one.tokens - given[one.number]):
        more = min(tokens - given[number], left)
        given[number] += more
        left -= more
    return tuple(Share(number, tokens) for number, tokens in given.items() if tokens)


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
