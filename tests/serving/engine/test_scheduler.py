import pytest

from lamina.serving.engine.scheduler import (
    TILE_TOKENS,
    Answering,
    Lane,
    Runner,
    Share,
    Step,
    Turns,
    Waiting,
    choose_admission,
    choose_lane,
    compose_step,
    patience_s,
    prefill_room,
)


def lane(key: str, *, waited_s: float = 0, active_s: float = 0, current: bool = False) -> Lane:
    return Lane(key, active_s, waited_s, current)


def test_the_current_lane_goes_on_inside_its_slice() -> None:
    busy = lane("legal", active_s=1, current=True)

    assert busy == choose_lane([busy, lane("medical", waited_s=9)], max_slice_s=2)


def test_a_lane_past_its_slice_yields_to_a_waiting_lane() -> None:
    busy = lane("legal", active_s=9, current=True)
    patient = lane("medical", waited_s=1)

    assert patient == choose_lane([busy, patient], max_slice_s=2)


def test_a_lane_past_its_slice_goes_on_when_nobody_waits() -> None:
    busy = lane("legal", active_s=9, current=True)

    assert busy == choose_lane([busy], max_slice_s=2)


def test_the_longest_waiting_lane_is_next() -> None:
    lanes = [lane("a", waited_s=1), lane("b", waited_s=3), lane("c", waited_s=2)]

    assert choose_lane(lanes, max_slice_s=2).key == "b"


def test_without_work_there_is_no_lane() -> None:
    assert choose_lane([], max_slice_s=2) is None


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

    assert Waiting(100, "lone") == choose_admission([*crowd, Waiting(100, "lone")], {"crowd": 3})


def test_between_equal_lanes_the_earlier_request_is_admitted() -> None:
    waiting = [Waiting(2, "a"), Waiting(1, "b")]

    assert Waiting(1, "b") == choose_admission(waiting, {})


def test_answers_and_prompts_are_evaluated_one_after_the_other() -> None:
    step = compose_step([Runner(1, 9), Runner(2, 0), Runner(3, 0)], room=10, prefill_room=10)

    assert Step(answers=(Share(2, 1), Share(3, 1)), prompts=(Share(1, 9),)) == step


def test_a_long_prompt_is_cut_into_chunks() -> None:
    step = compose_step([Runner(1, 1000)], room=512, prefill_room=32)

    assert (Share(1, 32),) == step.prompts


def test_prompts_share_a_step_oldest_first() -> None:
    step = compose_step([Runner(2, 50), Runner(1, 20)], room=64, prefill_room=64)

    assert (Share(1, 20), Share(2, 44)) == step.prompts


def test_a_step_that_cuts_a_prompt_holds_whole_tiles() -> None:
    answers = [Runner(number, 0) for number in range(3)]

    step = compose_step([*answers, Runner(9, 1000)], room=512, prefill_room=33)

    assert (Share(9, 2 * TILE_TOKENS),) == step.prompts


def test_a_prompt_always_gets_on() -> None:
    step = compose_step([Runner(1, 0), Runner(99, 1000)], room=512, prefill_room=0)

    assert (Share(99, TILE_TOKENS),) == step.prompts


def test_a_short_prompt_does_not_wait_for_a_long_one() -> None:
    step = compose_step([Runner(1, 4000), Runner(2, 100)], room=512, prefill_room=512)

    assert (Share(1, 412), Share(2, 100)) == step.prompts


def test_short_prompts_leave_an_older_long_one_half_of_the_step() -> None:
    short = [Runner(number, 100) for number in range(2, 12)]

    step = compose_step([Runner(1, 4000), *short], room=512, prefill_room=512)

    assert Share(1, 256) == step.prompts[0]


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
