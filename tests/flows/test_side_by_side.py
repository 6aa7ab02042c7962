"""Layers side by side on one pod: in threads, which end with the run that started them."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from prefect import flow, task

from lamina.stages import layers
from lamina.training import workers
from tasks import edge
from tasks.each import each

WAIT_S = 20.0
BOTH = threading.Barrier(2)
BEGUN, ENDED = threading.Event(), threading.Event()


@task
def meets_another(layer: str) -> str:
    """Ends only if another one goes on beside it."""
    BOTH.wait(WAIT_S)
    if layer == "broken":
        msg = "CUDA error"
        raise RuntimeError(msg)
    return layer


@task
def trains_for_ever(layer: str) -> None:
    """As a training in this very process does: it tells how far it is after each step."""
    with edge.progress(layer) as told:
        told.start(layer, 1)
        BEGUN.set()
        try:
            for step in range(int(WAIT_S * 100)):
                told.advance(step)
                time.sleep(0.01)
        finally:
            ENDED.set()


@flow
def both() -> tuple[dict[str, str], dict[str, str]]:
    failed: dict[str, str] = {}
    orders = {name: (name,) for name in ("broken", "sound")}
    return each(meets_another, orders, failed, at_once=2), failed


@flow
def stopped() -> None:
    each(trains_for_ever, {name: (name,) for name in ("a", "b")}, {}, at_once=2)


@pytest.mark.usefixtures("pod")
def test_a_layer_that_fails_beside_another_does_not_stop_it() -> None:
    assert both() == ({"sound": "sound"}, {"broken": "RuntimeError: CUDA error"})


@pytest.mark.slow  # it interrupts this very process
@pytest.mark.usefixtures("pod")
def test_what_goes_on_in_threads_ends_at_its_next_step_when_the_run_is_stopped() -> None:
    def interrupt() -> None:
        BEGUN.wait(WAIT_S)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()

    with pytest.raises(KeyboardInterrupt):
        stopped()

    assert ENDED.is_set()


@pytest.mark.parametrize(("found", "chosen", "number"), [([], 0, 1), (["0"], 0, 2), ([], 3, 3)])
def test_where_a_gpu_trains_a_ladder_has_room_beside_the_next_training(
    found: list[str],
    chosen: int,
    number: int,
    pod: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "gpus", lambda: found)
    monkeypatch.setenv("LAMINA_TRAIN_WORKERS", str(chosen))

    with edge.pod(pod.name) as here:
        assert layers.at_once(here) == number
