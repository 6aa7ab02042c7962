"""What dies is noticed, what was lost is done again, and nothing outlives its run."""

import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from flow_process import training
from house import House, drop, kill

from lamina.demo import handbooks

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
LAYER = "Ostrava_Goodwill"
MANY, ONE = "train-layers/train-what-is-due", "train-layer/train-one-layer"
SHORT = {"sequence_tokens": 512, "batch_tokens": 512}  # a step takes a moment, not seconds


@pytest.fixture(scope="module", autouse=True)
def _corpus(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A layer on the GPU pod itself, and not to be found by the runs of other tests."""
    raw = tmp_path_factory.mktemp("corpus")
    handbooks.write_handbooks(raw, raw / "questions")
    for pdf in (raw / LAYER).glob("*.pdf"):
        drop(house.gpu / "data" / "raw_pdfs" / LAYER, pdf)
    yield
    shutil.rmtree(house.gpu / "data" / "raw_pdfs" / LAYER)


def order(learning_rate: float, steps: int) -> dict[str, Any]:
    """A training that no other test's cache has: each has its own learning rate."""
    return {
        "layers": [LAYER],
        "overrides": {"learning_rate": learning_rate, "steps": steps, **SHORT},
        "check_parity": False,
        "archive": False,
    }


def test_a_flow_that_is_killed_is_tried_again_and_a_restart_of_the_server_does_not_end_it(
    house: House,
) -> None:
    run_id = house.start(MANY, order(0.0021, 40))
    kill([training(house, run_id)])
    house.wait(run_id, "CRASHED", within_s=30)

    training(house, run_id)
    house.control("restart", "prefect-server")

    ended = house.wait(run_id, "COMPLETED", within_s=200)
    assert ended["run_count"] == 2


def test_a_cancelled_run_ends_within_seconds_with_all_its_processes(house: House) -> None:
    run_id = house.start(MANY, order(0.0022, 500))
    training(house, run_id)

    cancel = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    house.ask(f"/flow_runs/{run_id}/set_state", cancel)
    house.wait(run_id, "CANCELLED", within_s=40)

    house.until(lambda: not house.children("gpu-worker"), "no process left", 15)


@pytest.mark.slow  # that one work is done once is tests/store's and tests/flows' to prove, too
def test_a_killed_worker_comes_back_and_does_the_work_of_two_identical_runs_once(
    house: House,
) -> None:
    before = house.pid("gpu-worker")
    kill([before])
    house.until(lambda: house.pid("gpu-worker") not in {0, before}, "another worker", 30)
    wanted = order(0.0023, 10) | {"layer": LAYER}
    del wanted["layers"]

    both = [house.start(ONE, wanted) for _ in range(2)]
    ended = [house.wait(run_id, within_s=240) for run_id in both]

    assert [run["state_name"] for run in ended] == ["Completed", "Completed"]
    messages = sorted(run["state"]["message"] for run in ended)
    assert messages[0].startswith("published; held-out loss")
    assert messages[1] == "up to date"


def test_the_layer_server_that_dies_comes_back(house: House) -> None:
    os.kill(house.pid("layer-server"), signal.SIGKILL)

    house.until(lambda: _answers(house), "the layer server", 60)


def _answers(house: House) -> bool:
    try:
        return httpx.get(f"{house.server}/ready", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@pytest.mark.slow
def test_a_pod_that_vanishes_with_its_worker_frees_its_run(house: House) -> None:
    run_id = house.start(MANY, order(0.0025, 500))
    flow = training(house, run_id)
    house.control("stop", "gpu-worker")
    kill([flow])

    crashed = house.wait(run_id, "CRASHED", within_s=300)
    house.control("start", "gpu-worker")

    assert crashed["state"]["message"].startswith("no heartbeat")
