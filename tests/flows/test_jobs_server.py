"""What the product hears of its jobs, asked of a real Prefect server without Prefect's client."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, WorkPoolCreate
from prefect.settings import PREFECT_API_URL
from prefect.states import Running, Scheduled
from pydantic import SecretStr

from lamina.errors import BusyError
from lamina.jobs_server import Job, JobsServer, Pool
from lamina.prefect_api import prefect_client

POOL = "jobs-pool"


@flow(name="some-work")
def some_work() -> None:
    """Never run."""


@pytest.fixture
def client(prefect_server: None) -> Iterator[SyncPrefectClient]:
    del prefect_server
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def deployment(client: SyncPrefectClient) -> Iterator[UUID]:
    """A deployment in a pool of its own; the session's server is left as it was."""
    client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    made = client.create_deployment(client.create_flow(some_work), "cpu", work_pool_name=POOL)
    yield made
    for run in client.read_flow_runs():
        if run.deployment_id == made:
            client.delete_flow_run(run.id)
    client.delete_deployment(made)
    client.delete_work_pool(POOL)


def jobs_server() -> JobsServer:
    return JobsServer(prefect_client(PREFECT_API_URL.value()), within_s=30)


def ours(jobs: tuple[Job, ...]) -> list[Job]:
    return [job for job in jobs if job.pool == POOL]


def pool() -> Pool:
    return next(one for one in jobs_server().pools() if one.name == POOL)


@pytest.mark.usefixtures("deployment")
def test_a_worker_is_alive_once_its_heart_beats(client: SyncPrefectClient) -> None:
    assert pool().workers == ()

    client.send_worker_heartbeat(POOL, "gpu-1", heartbeat_interval_seconds=30)

    (worker,) = pool().alive
    assert worker.name == "gpu-1"
    assert worker.heard is not None


def test_what_should_have_begun_is_due_and_what_is_for_later_is_not(
    client: SyncPrefectClient, deployment: UUID
) -> None:
    now = datetime.now(UTC)
    for name, moment in (("late", now - timedelta(minutes=5)), ("later", now + timedelta(hours=5))):
        client.create_flow_run_from_deployment(
            deployment, name=name, state=Scheduled(scheduled_time=moment)
        )

    (job,) = ours(jobs_server().due())

    assert (job.name, job.deployment, job.by_clock) == ("late", "some-work/cpu", False)
    assert abs(job.since - (now - timedelta(minutes=5))) < timedelta(seconds=2)


def test_what_runs_says_how_far_it_is(client: SyncPrefectClient, deployment: UUID) -> None:
    run = client.create_flow_run_from_deployment(deployment, name="at work")
    client.set_flow_run_state(run.id, Running(), force=True)
    for percent in (10.0, 42.0):
        client.create_artifact(
            ArtifactCreate(key=None, type="progress", data=percent, flow_run_id=run.id)
        )

    (job,) = ours(jobs_server().living())

    assert (job.name, job.state, job.progress) == ("at work", "Running", 42.0)
    assert ours(jobs_server().due()) == []


def test_an_event_reaches_the_server(client: SyncPrefectClient) -> None:
    del client
    jobs_server().tell("lamina.gpu.trouble", "lamina.workspace.x", {"why": "no GPU is free"})


def test_a_server_that_is_away_is_said_in_a_sentence() -> None:
    with pytest.raises(BusyError, match="no Prefect server answers at"):
        JobsServer(prefect_client("http://127.0.0.1:1", SecretStr("user:password"))).pools()
