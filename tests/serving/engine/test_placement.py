from hypothesis import given
from hypothesis import strategies as st

from lamina.serving.engine.placement import (
    Placement,
    Prefilling,
    Slot,
    choose_slot,
    common_beginning,
    is_worth_waiting,
)

LONG = list(range(200))


def test_kv_of_another_layer_set_is_never_shared() -> None:
    slot = Slot(0, "legal", [1, 2, 3, 4], last_used=1)

    assert choose_slot([slot], "medical", [1, 2, 3, 4, 5], 4) == Placement(0, 0)


def test_kv_of_another_layer_set_is_never_copied() -> None:
    slots = [Slot(0, "legal", LONG, 1, free=False), Slot(1, None, [], 0)]

    assert choose_slot(slots, "medical", LONG, 199) == Placement(1, 0)


def test_the_slot_with_the_longest_common_beginning_is_taken() -> None:
    slots = [Slot(0, "a", [1, 2, 9], 2), Slot(1, "a", [1, 2, 3, 4], 1), Slot(2, None, [], 0)]

    assert choose_slot(slots, "a", [1, 2, 3, 4, 5], 4) == Placement(1, 4)


def test_a_long_conversation_is_not_thrown_away_for_a_short_common_beginning() -> None:
    slots = [Slot(0, "a", list(range(500)), 2), Slot(1, None, [], 0)]

    assert choose_slot(slots, "a", [0, 1, 2, 777, 778], 4) == Placement(1, 0)


def test_a_long_common_beginning_of_a_conversation_is_copied() -> None:
    slots = [Slot(0, "a", list(range(500)), 2), Slot(1, None, [], 0)]

    assert choose_slot(slots, "a", [*range(100), 777, 778], 101) == Placement(1, 100, source=0)


def test_a_common_beginning_in_a_busy_slot_is_copied() -> None:
    slots = [Slot(0, "a", LONG, 2, free=False), Slot(1, "b", [5], 1)]

    assert choose_slot(slots, "a", LONG, 199) == Placement(1, 199, source=0)


def test_a_short_common_beginning_is_not_worth_a_copy() -> None:
    slots = [Slot(0, "a", LONG[:20], 2, free=False), Slot(1, None, [], 0)]

    assert choose_slot(slots, "a", LONG, 199) == Placement(1, 0)


def test_without_anything_common_the_slot_unused_longest_is_taken() -> None:
    slots = [Slot(0, "a", [5], 7), Slot(1, "b", [5], 3)]

    assert choose_slot(slots, "c", [5, 6], 1) == Placement(1, 0)


def seated(n_slots: int, **lanes: str) -> list[Slot]:
    """Empty slots, and busy ones by number: s3="a" holds a sequence of lane a."""
    held = {int(name[1:]): lane for name, lane in lanes.items()}
    return [
        Slot(n, held.get(n), [7] if n in held else [], 0, n not in held) for n in range(n_slots)
    ]


def test_a_sequence_sits_beside_those_of_its_layer_set() -> None:
    assert choose_slot(seated(8, s0="a", s4="b"), "b", [5, 6], 1).slot in {3, 5}


def test_the_first_sequence_of_a_layer_set_leaves_room_beside_others() -> None:
    assert choose_slot(seated(8, s0="a", s2="b"), "c", [5, 6], 1).slot in {4, 5, 6, 7}


def test_pairs_of_eight_layer_sets_that_come_in_turn_sit_in_neighbouring_slots() -> None:
    slots = seated(16)
    for lane in "abcdefghabcdefgh":
        number = choose_slot(slots, lane, [5, 6], 1).slot
        slots[number] = Slot(number, lane, [7], 0, free=False)

    lanes = "".join(str(slot.lane) for slot in slots)
    assert all(lanes[n] == lanes[n + 1] for n in range(0, 16, 2)), lanes


def test_a_recent_conversation_is_not_overwritten_to_sit_beside_others() -> None:
    mine = Slot(0, "a", LONG, 9, free=False)
    recent, old = Slot(1, "b", LONG, 8), Slot(2, "c", LONG, 1)

    assert choose_slot([mine, recent, old], "a", [5, 6], 1).slot == 2


def test_a_long_beginning_that_is_on_its_way_is_waited_for() -> None:
    assert is_worth_waiting([Prefilling("a", LONG, 0)], "a", LONG, 199, at_hand=0)


def test_nobody_waits_for_what_is_there_already() -> None:
    assert not is_worth_waiting([Prefilling("a", LONG, 200)], "a", LONG, 199, at_hand=0)
    assert not is_worth_waiting([Prefilling("a", LONG, 0)], "a", LONG, 199, at_hand=180)


def test_nobody_waits_for_another_layer_set() -> None:
    assert not is_worth_waiting([Prefilling("b", LONG, 0)], "a", LONG, 199, at_hand=0)


def test_the_last_prompt_token_is_always_evaluated() -> None:
    assert common_beginning([1, 2, 3], [1, 2, 3], limit=2) == 2


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)), st.integers(-1, 9))
def test_a_common_beginning_is_equal_and_cannot_be_longer(
    one: list[int], two: list[int], limit: int
) -> None:
    count = common_beginning(one, two, limit)

    assert one[:count] == two[:count]
    assert count in {len(one), len(two), max(limit, 0)} or one[count] != two[count]
