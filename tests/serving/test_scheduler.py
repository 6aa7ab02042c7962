import pytest

from lamina.serving.scheduler import (
    Lane,
    Runner,
    Share,
    Waiting,
    choose_admission,
    choose_lane,
    compose_step,
    prefill_room,
)


def lane(
    key: str, *, waited_s: float = 0, active_s: float = 0, current: bool = False, ready: bool = True
) -> Lane:
    return Lane(key, ready, active_s, waited_s, current)


def test_the_current_lane_goes_on_inside_its_slice() -> None:
    busy = lane("legal", active_s=1, current=True)

    assert busy == choose_lane([busy, lane("medical", waited_s=9)], max_slice_s=2)


def test_a_lane_past_its_slice_yields_to_a_waiting_lane() -> None:
    busy = lane("legal", active_s=9, current=True)
    patient = lane("medical", waited_s=1)

    assert patient == choose_lane([busy, patient], max_slice_s=2)


def test_a_lane_past_its_slice_goes_on_when_nobody_waits() -> None:
    busy = lane("legal", active_s=9, current=True)

    assert busy == choose_lane([busy, lane("idle", ready=False)], max_slice_s=2)


def test_the_longest_waiting_lane_is_next() -> None:
    lanes = [lane("a", waited_s=1), lane("b", waited_s=3), lane("c", waited_s=2)]

    assert choose_lane(lanes, max_slice_s=2).key == "b"


def test_without_work_there_is_no_lane() -> None:
    assert choose_lane([lane("a", ready=False)], max_slice_s=2) is None


@pytest.mark.parametrize("n_lanes", [2, 8, 25])
def test_no_lane_waits_longer_than_one_turn_of_each_other(n_lanes: int) -> None:
    clock, step_s, slice_s = 0.0, 0.03, 0.1
    last = dict.fromkeys(range(n_lanes), 0.0)
    current, since, longest = None, 0.0, 0.0
    for _ in range(2000):
        lanes = [
            lane(
                key,
                waited_s=clock - last[key],
                active_s=clock - since if key == current else 0,
                current=key == current,
            )
            for key in last
        ]
        chosen = choose_lane(lanes, slice_s).key
        longest = max(longest, clock - last[chosen])
        if chosen != current:
            current, since = chosen, clock
        last[chosen] = clock
        clock += step_s

    assert longest <= (n_lanes - 1) * (slice_s + step_s) + step_s


def test_a_lane_with_fewer_slots_is_admitted_first() -> None:
    crowd = [Waiting(number, "crowd") for number in range(1, 100)]

    assert Waiting(100, "lone") == choose_admission([*crowd, Waiting(100, "lone")], {"crowd": 3})


def test_between_equal_lanes_the_earlier_request_is_admitted() -> None:
    waiting = [Waiting(2, "a"), Waiting(1, "b")]

    assert Waiting(1, "b") == choose_admission(waiting, {})


def test_decoding_sequences_come_before_prompts() -> None:
    shares = compose_step([Runner(1, 100), Runner(2, 0)], room=10, prefill_room=10)

    assert (Share(2, 1), Share(1, 9)) == shares


def test_a_long_prompt_is_cut_into_chunks() -> None:
    assert (Share(1, 32),) == compose_step([Runner(1, 1000)], room=512, prefill_room=32)


def test_prompts_share_a_step_oldest_first() -> None:
    shares = compose_step([Runner(2, 50), Runner(1, 20)], room=64, prefill_room=64)

    assert (Share(1, 20), Share(2, 44)) == shares


def test_a_prompt_alone_takes_the_whole_step() -> None:
    room = prefill_room(others_decode=False, room=512, tokens_per_s=50, max_stall_s=0.25)

    assert room == 512


def test_a_prompt_beside_answers_takes_what_they_can_wait_for() -> None:
    room = prefill_room(others_decode=True, room=512, tokens_per_s=400, max_stall_s=0.25)

    assert room == 100
