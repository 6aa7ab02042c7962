"""When the rented GPU is started and stopped, at a stand-in that speaks RunPod's API over HTTP."""

from datetime import timedelta

import pytest
from rented import BUSY, IDLE, NOTHING, WORK, Rented, works
from runpod import RunPodApi

from lamina.rental import hooks
from lamina.rental.keeper import Seen


def test_work_that_waits_starts_the_pod_once(rented: Rented, runpod: RunPodApi) -> None:
    rented.after(0, WORK)
    rented.after(1, WORK)

    assert runpod.changes == ["start"]
    assert rented.said[0] == "the GPU pod is started: 2 jobs waited, 0.74 an hour"


@pytest.mark.parametrize("seen", [NOTHING, Seen(due=1, alive=1), Seen(due=1, paused=True), None])
def test_nothing_is_started_without_need(
    rented: Rented, runpod: RunPodApi, seen: Seen | None
) -> None:
    rented.after(0, seen)

    assert runpod.changes == []


def test_a_pod_without_work_is_stopped_after_the_idle_minutes_and_no_sooner(
    rented: Rented, runpod: RunPodApi
) -> None:
    works(rented)
    rented.after(9, IDLE)
    assert runpod.changes == ["start"]

    told = rented.after(2, IDLE)

    assert runpod.changes == ["start", "stop"]
    assert "no work for 10 minutes; it ran 0.23 hours and cost 0.17" in rented.said[-1]
    assert told.open is None
    assert told.hours(rented.now) == pytest.approx(14 / 60)


def test_work_keeps_it_running(rented: Rented, runpod: RunPodApi) -> None:
    works(rented)

    for _ in range(20):
        rented.after(9, BUSY)

    assert runpod.changes == ["start"]


def test_a_start_that_never_becomes_a_worker_is_stopped_and_tried_again_later(
    rented: Rented, runpod: RunPodApi
) -> None:
    rented.after(0, WORK)
    told = rented.after(16, WORK)
    assert runpod.changes == ["start", "stop"]
    assert "ran 16 minutes without a worker of gpu-pool; look at its log" in told.trouble
    rented.after(1, WORK)
    assert runpod.changes == ["start", "stop"]

    rented.after(2, WORK)

    assert runpod.changes == ["start", "stop", "start"]


def test_the_pauses_between_failing_starts_grow_to_an_hour(
    rented: Rented, runpod: RunPodApi
) -> None:
    runpod.refusals = [("start", 500, "There are not enough free GPUs")] * 200
    for _ in range(10 * 12):
        told = rented.after(5, WORK)

    assert told.not_before is not None
    assert told.not_before - rented.now <= timedelta(hours=1)
    assert 10 < len(runpod.changes) < 20
    assert "There are not enough free GPUs" in told.trouble


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "correct RUNPOD_API_KEY"),
        (404, "it is gone: make another, and set LAMINA_GPU_POD"),
        (429, "too many requests"),
        (500, "asked again later"),
    ],
)
def test_a_start_that_is_refused_costs_nothing_and_is_told(
    rented: Rented, runpod: RunPodApi, status: int, said: str
) -> None:
    runpod.refusals = [("start", status, "no")]

    told = rented.after(0, WORK)

    assert told.open is None
    assert f"HTTP {status} (no)" in told.trouble
    assert said in told.trouble


def test_a_start_whose_answer_was_lost_is_not_forgotten(
    rented: Rented, runpod: RunPodApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    runpod.refusals = [("start", 3, "")]
    with monkeypatch.context() as patience:
        patience.setattr(hooks, "REQUEST_S", 0.5)

        told = rented.after(0, WORK)

    assert told.open is not None
    assert "no answer (ReadTimeout)" in told.trouble
    rented.after(3, BUSY)
    rented.after(11, IDLE)
    assert runpod.changes == ["start", "stop"]


def test_a_stop_that_fails_is_told_and_tried_at_every_turn(
    rented: Rented, runpod: RunPodApi
) -> None:
    works(rented)
    runpod.refusals = [("stop", 503, "maintenance")] * 2
    told = rented.after(11, IDLE)
    assert told.open is not None
    assert "should stop (no work for 10 minutes) and does not" in told.trouble

    rented.after(1, IDLE)
    told = rented.after(1, IDLE)

    assert told.open is None
    assert runpod.state == "EXITED"


def test_a_pod_that_is_gone_is_not_paid_for_for_ever(rented: Rented, runpod: RunPodApi) -> None:
    works(rented)
    runpod.gone = True

    told = rented.after(11, IDLE)

    assert told.open is None
    assert "it is gone" in told.trouble


def test_a_pod_that_ended_by_itself_is_started_again_for_what_it_left(
    rented: Rented, runpod: RunPodApi
) -> None:
    works(rented)
    runpod.state = "EXITED"
    rented.after(3, WORK)
    assert "it ended by itself" in rented.said[-1]

    rented.after(1, WORK)

    assert runpod.changes == ["start", "start"]


def test_a_pod_that_a_person_started_is_counted_from_then_and_stopped_when_idle(
    rented: Rented, runpod: RunPodApi
) -> None:
    runpod.state = "RUNNING"
    rented.after(0, IDLE)
    assert "runs already; its hours count from now" in rented.said[-1]

    rented.after(11, IDLE)

    assert runpod.changes == ["stop"]


def test_another_worker_of_the_pool_is_no_rented_pod_and_runpod_is_not_asked_for_ever(
    rented: Rented, runpod: RunPodApi
) -> None:
    for _ in range(20):
        told = rented.after(0.5, IDLE)

    assert told.rents == []
    assert runpod.requests == ["look"] * 2


def test_a_job_that_goes_on_keeps_the_pod_though_its_worker_is_silent(
    rented: Rented, runpod: RunPodApi
) -> None:
    works(rented)

    rented.after(30, Seen(running=1))

    assert runpod.changes == ["start"]


def test_the_worker_of_a_pod_that_was_just_stopped_is_no_new_rent(
    rented: Rented, runpod: RunPodApi
) -> None:
    works(rented)
    rented.after(11, IDLE)
    runpod.state = "RUNNING"  # it takes a moment to end

    told = rented.after(1, IDLE)

    assert told.open is None
