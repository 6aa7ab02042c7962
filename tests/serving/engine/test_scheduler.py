import pytest

from lamina.serving.engine.scheduler import (
    TILE_TOKENS,
    Answering,
    Share,
    Turns,
    Waiting,
    order_of_admission,
    patience_s,
    prefill_room,
    share_out,
)


@pytest.fixture
def turns() -> Turns[str]:
    """It is legal's turn since second 0, and medical waits since then."""
    turns: Turns[str] = Turns(slice_s=2)
    turns.came("legal", accepted_s=-1)
    turns.came("medical", accepted_s=0)
    assert turns.choose({"legal"}, now_s=0) == "legal"
    return turns


def test_the_current_lane_goes_on_inside_its_slice(turns: Turns[str]) -> None:
    assert turns.choose({"legal", "medical"}, now_s=1) == "legal"


def test_a_lane_past_its_slice_yields_to_a_waiting_lane(turns: Turns[str]) -> None:
    assert turns.choose({"legal", "medical"}, now_s=2) == "medical"


def test_a_lane_past_its_slice_goes_on_when_nobody_waits(turns: Turns[str]) -> None:
    assert turns.choose({"legal"}, now_s=9) == "legal"


def test_the_longest_waiting_lane_is_next(turns: Turns[str]) -> None:
    turns.came("tax", accepted_s=-2)

    assert turns.choose({"medical", "tax", "legal"}, now_s=3) == "tax"


def test_without_work_there_is_no_lane(turns: Turns[str]) -> None:
    assert turns.choose(set(), now_s=1) is None


@pytest.mark.parametrize("n_lanes", [2, 8, 25])
def test_no_lane_waits_longer_than_one_turn_of_each_other(n_lanes: int) -> None:
    step_s, slice_s, longest_s = 0.03, 0.1, 0.0
    turns: Turns[int] = Turns(slice_s)
    last_s = dict.fromkeys(range(n_lanes), 0.0)
    for key in last_s:
        turns.came(key, accepted_s=0.0)
    for now_s in (number * step_s for number in range(2000)):
        chosen = turns.choose(last_s, now_s)
        longest_s = max(longest_s, now_s - last_s[chosen])
        last_s[chosen] = now_s

    assert longest_s <= (n_lanes - 1) * (slice_s + step_s) + step_s


def test_a_lane_with_fewer_slots_is_admitted_first() -> None:
    crowd = [Waiting(number, "crowd") for number in range(1, 100)]

    order = order_of_admission([*crowd, Waiting(100, "lone")], {"crowd": 3})

    assert order[0] == Waiting(100, "lone")


def test_between_equal_lanes_the_earlier_request_is_admitted() -> None:
    waiting = [Waiting(2, "a"), Waiting(1, "b")]

    assert [one.number for one in order_of_admission(waiting, {})] == [1, 2]


def test_a_long_prompt_is_cut_into_chunks() -> None:
    assert share_out([Share(1, 1000)], room=512, prefill_room=32) == (Share(1, 32),)


def test_prompts_share_a_step_oldest_first() -> None:
    shares = share_out([Share(2, 50), Share(1, 20)], room=64, prefill_room=64)

    assert (Share(1, 20), Share(2, 44)) == shares


def test_a_step_that_cuts_a_prompt_holds_whole_tiles() -> None:
    shares = share_out([Share(9, 1000)], room=512, prefill_room=33)

    assert (Share(9, 2 * TILE_TOKENS),) == shares


def test_a_prompt_always_gets_on() -> None:
    assert (Share(9, TILE_TOKENS),) == share_out([Share(9, 1000)], room=512, prefill_room=0)


def test_a_short_prompt_does_not_wait_for_a_long_one() -> None:
    shares = share_out([Share(1, 4000), Share(2, 100)], room=512, prefill_room=512)

    assert (Share(1, 412), Share(2, 100)) == shares


def test_short_prompts_leave_an_older_long_one_half_of_the_step() -> None:
    short = [Share(number, 100) for number in range(2, 12)]

    shares = share_out([Share(1, 4000), *short], room=512, prefill_room=512)

    assert Share(1, 256) == shares[0]


def test_a_prompt_alone_takes_the_whole_step() -> None:
    alone = patience_s([], accepted_s=0, stall_s=0.25)

    assert prefill_room(room=512, tokens_per_s=50, patience_s=alone) == 512


def test_a_prompt_takes_what_running_answers_can_wait_for() -> None:
    assert prefill_room(room=512, tokens_per_s=400, patience_s=0.25) == 100


def test_an_answer_under_way_waits_only_a_moment_for_a_later_prompt() -> None:
    running = Answering(admitted_s=0, first_token_s=4)

    assert patience_s([running], accepted_s=5, stall_s=0.25) == 0.25


def test_nobody_waits_longer_than_a_moment_for_a_long_prompt() -> None:
    assert patience_s([Answering(0, 4)], accepted_s=1, stall_s=0.25, is_long=True) == 0.25


def test_answers_wait_for_prompts_that_came_with_theirs_by_how_long_their_own_took() -> None:
    quick, slow = Answering(0, first_token_s=2), Answering(0, first_token_s=4)

    assert patience_s([quick, slow], accepted_s=1, stall_s=0.25) == 4 * 2
