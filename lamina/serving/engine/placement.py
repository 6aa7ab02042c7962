"""Where a sequence goes and what it finds there: prefix reuse, as pure functions.

KV that was computed under other layers never counts: a slot's lane is its layer set, and only equal
lanes share. Sequences of one lane sit side by side where they can: llama.cpp evaluates together
only what stands in neighbouring slots (see `scheduler`).
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

COPY_LEAST_TOKENS = 32  # copying a slot's KV costs about as much as evaluating a few tokens
WAIT_LEAST_TOKENS = 64  # a common beginning that is worth waiting for


class Slot(NamedTuple):
    """A slot and what its KV holds."""

    number: int
    lane: Hashable | None
    tokens: Sequence[int]
    last_used: int  # larger = later
    free: bool = True


class Placement(NamedTuple):
    """Where a sequence goes, and how many leading tokens it finds there."""

    slot: int
    shared: int
    source: int | None = None  # slot whose KV is copied first


def choose_slot(
    slots: Sequence[Slot], lane: Hashable, prompt: Sequence[int], reusable: int
) -> Placement:
    """The free slot with the longest common beginning under the same layers, else a spare one.

    A slot that would lose much more than it gives (a long conversation, for a short common
    beginning) is left to its owner. Where another slot, busy or not, has a much longer common
    beginning, its KV is copied.
    """
    shared = {slot.number: _shared(slot, lane, prompt, reusable) for slot in slots}
    free = [slot for slot in slots if slot.free]
    spare = _spare_slot(slots, lane)
    best = max(free, key=lambda slot: shared[slot.number])
    worthwhile = shared[best.number] * 2 >= len(best.tokens) or len(free) == 1
    home = best if shared[best.number] and worthwhile else spare
    source = max(slots, key=lambda slot: shared[slot.number])
    if shared[source.number] - shared[home.number] < COPY_LEAST_TOKENS:
        return Placement(home.number, shared[home.number])
    home = spare if spare.number != source.number else home
    return Placement(home.number, shared[source.number], source.number)


def _spare_slot(slots: Sequence[Slot], lane: Hashable) -> Slot:
    """The free slot to overwrite: beside this lane's sequences, else far from those of others.

    Only empty slots and the half of the free ones unused longest come into question, so that what
    was used lately stands for the next turn of its conversation.
    """
    free = sorted(
        (slot for slot in slots if slot.free), key=lambda slot: (bool(slot.tokens), slot.last_used)
    )
    empty = sum(not slot.tokens for slot in free)
    lanes = {slot.number: slot.lane for slot in slots if not slot.free}

    def neighbours(slot: Slot) -> tuple[int, int]:
        beside = [lanes[n] for n in (slot.number - 1, slot.number + 1) if n in lanes]
        own = beside.count(lane)
        return -own, len(beside) - own

    return min(free[: max(empty, (len(free) + 1) // 2)], key=neighbours)


class Prefilling(NamedTuple):
    """A sequence whose prompt is being evaluated."""

    lane: Hashable
    prompt: Sequence[int]
    evaluated: int


def is_worth_waiting(
    running: Sequence[Prefilling],
    lane: Hashable,
    prompt: Sequence[int],
    reusable: int,
    at_hand: int,
) -> bool:
    """Whether somebody is just now evaluating a beginning that this prompt shares.

    `at_hand` tokens could be taken from a slot already. So sixteen requests with one long system
    prompt evaluate it once.
    """
    for other in running:
        common = common_beginning(other.prompt, prompt, reusable) if other.lane == lane else 0
        if common > other.evaluated and common - at_hand >= WAIT_LEAST_TOKENS:
            return True
    return False


def _shared(slot: Slot, lane: Hashable, prompt: Sequence[int], reusable: int) -> int:
    return common_beginning(slot.tokens, prompt, reusable) if slot.lane == lane else 0


def common_beginning(one: Sequence[int], two: Sequence[int], limit: int) -> int:
    """Number of equal leading tokens, at most `limit`; halving, so that C compares slices."""
    low, high = 0, max(min(len(one), len(two), limit), 0)
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
