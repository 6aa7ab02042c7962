"""The watcher's look at a real Prefect server, and what it has RunPod do."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL
from runpod import KEY, POD, RunPodApi

from lamina.jobs_server import GPU_POOL
from lamina.progress import Silent
from lamina.settings import load
from lamina.stages import rental
from lamina.stages.pod import Pod
from lamina.workspace import Workspace
from tests.flows.by_clock import asked_for, states


@flow(name="gpu-work")
def gpu_work() -> None:
    """Never run."""


@pytest.fixture
def client(prefect_server: None) -> Iterator[SyncPrefectClient]:
    del prefect_server
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def deployment(client: SyncPrefectClient) -> Iterator[UUID]:
    """In the GPU pool, which is made where no other test has, and where nothing else waits."""
    for run in client.read_flow_runs():
        if run.state and run.state.is_scheduled():
            client.delete_flow_run(run.id)
    try:
        client.read_work_pool(GPU_POOL)
        made = False
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=GPU_POOL, type="process"))
        made = True
    deployment = client.create_deployment(
        client.create_flow(gpu_work), "gpu", work_pool_name=GPU_POOL
    )
    yield deployment
    for run in client.read_flow_runs():
        if run.deployment_id == deployment:
            client.delete_flow_run(run.id)
    client.delete_deployment(deployment)
    if made:
        client.delete_work_pool(GPU_POOL)


@pytest.fixture
def runpod() -> Iterator[RunPodApi]:
    with RunPodApi().running() as api:
        yield api


@pytest.fixture
def watcher(runpod: RunPodApi, tmp_path: Path) -> Pod:
    settings = load(
        workspace=tmp_path, gpu_pod=POD, gpu_key=KEY, gpu_api=runpod.url,
        events_url=PREFECT_API_URL.value(),
    )  # fmt: skip
    return Pod(settings, Workspace(settings).make(), Silent())


def test_a_run_that_waits_in_the_gpu_pool_starts_the_rented_pod(
    client: SyncPrefectClient, deployment: UUID, watcher: Pod, runpod: RunPodApi
) -> None:
    assert list(rental.keep(watcher)) == []
    assert runpod.changes == []
    client.create_flow_run_from_deployment(deployment, name="train Leases")

    said = list(rental.keep(watcher))

    assert runpod.changes == ["start"]
    assert said == ["the GPU pod is started: 1 job waited, 0.74 an hour"]


def test_of_what_the_clock_asked_for_while_the_pod_was_stopped_the_newest_alone_waits(
    client: SyncPrefectClient, deployment: UUID, watcher: Pod, runpod: RunPodApi
) -> None:
    *older, newest = asked_for(client, deployment, 4)

    assert list(rental.keep(watcher)) == []

    assert states(client, older) == ["CANCELLED"] * 3
    assert client.read_flow_run(older[0].id).state.message.endswith("does this, too")
    assert states(client, [newest]) == ["SCHEDULED"]
    assert runpod.changes == []


def test_what_the_clock_asked_for_in_other_words_is_other_work(
    client: SyncPrefectClient, deployment: UUID, watcher: Pod
) -> None:
    one, two = asked_for(client, deployment, 2)
    client.update_flow_run(one.id, parameters={"layer": "Leases"})

    assert list(rental.keep(watcher)) == []

    assert states(client, [one, two]) == ["SCHEDULED", "SCHEDULED"]


@pytest.mark.usefixtures("deployment")
def test_what_goes_wrong_is_told_to_the_server_once(watcher: Pod, runpod: RunPodApi) -> None:
    (watcher.workspace.processed / "gpu.json").write_text(
        '{"rents": [{"began": "2026-11-01T00:00:00Z", "worked": "2026-11-01T00:00:00Z"}]}'
    )
    runpod.refusals = [("stop", 500, "try later")] * 2

    first, second = list(rental.keep(watcher)), list(rental.keep(watcher))

    assert "should stop" in first[0]
    assert second == []


def test_a_server_that_is_away_leaves_the_pod_as_it_is(watcher: Pod, runpod: RunPodApi) -> None:
    settings = watcher.settings.model_copy(update={"events_url": "http://127.0.0.1:1/api"})

    (said,) = rental.keep(Pod(settings, watcher.workspace, Silent()))

    assert said.startswith("the GPU pod is left as it is: no Prefect server answers")
    assert runpod.requests == []
