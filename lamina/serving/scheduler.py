"""Who runs next: pure functions of the state, no clock, no llama.cpp.

llama.cpp applies layers to a whole context, so a step serves one layer set: its lane. Lanes take
turns in time slices; inside a step all sequences of the lane go together. Prompts are evaluated in
chunks so that they do not hold up the sequences that are already answering.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Lane(NamedTuple, Generic[Key]):
    """One layer set with its work."""

    key: Key
    ready: bool  # has a sequence in a slot
    active_for_s: float  # since it got its turn; 0 unless it is the current lane
    waited_s: float  # since its last turn, or since work came
    current: bool = False


def choose_lane(lanes: Iterable[Lane[Key]], max_slice_s: float) -> Lane[Key] | None:
    """The lane of the next step: the current one inside its slice, else the longest-waiting."""
    ready = [lane for lane in lanes if lane.ready]
    for lane in ready:
        if lane.current and lane.active_for_s < max_slice_s:
            return lane
    others = [lane for lane in ready if not lane.current]
    return max(others or ready, key=lambda lane: lane.waited_s, default=None)


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


def compose_step(runners: Iterable[Runner], room: int, prefill_room: int) -> tuple[Share, ...]:
    """The step's shares: every decoding sequence's token, then prompts, oldest first.

    At most `room` tokens in all, and `prefill_room` of prompts.
    """
    ordered = sorted(runners, key=lambda runner: runner.number)
    shares = [Share(runner.number, 1) for runner in ordered if not runner.pending][:room]
    left = min(room - len(shares), prefill_room)
    for runner in ordered:
        if runner.pending and left > 0:
            shares.append(Share(runner.number, min(runner.pending, left)))
            left -= shares[-1].tokens
    return tuple(shares)


def prefill_room(
    *, others_decode: bool, room: int, tokens_per_s: float, max_stall_s: float, least: int = 32
) -> int:
    """Prompt tokens that one step may take.

    All there is room for while nobody else is answering; otherwise what the machine evaluates in
    `max_stall_s`, so that running answers pause no longer than that.
    """
    if not others_decode or tokens_per_s <= 0:
        return room
    return max(least, min(room, int(tokens_per_s * max_stall_s)))
