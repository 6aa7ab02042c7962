"""A pod that was away for days does once what the clock asked for every day."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.flow_engine import run_flow

from flows.doctor import doctor
from tests.flows.by_clock import asked_for, states


@pytest.fixture
def client(pod: Path) -> Iterator[SyncPrefectClient]:
    del pod
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def deployment(client: SyncPrefectClient) -> Iterator[UUID]:
    made = client.create_deployment(client.create_flow(doctor), "daily")
    yield made
    client.delete_deployment(made)


def test_the_first_run_that_begins_takes_over_the_others_that_the_clock_asked_for(
    client: SyncPrefectClient, deployment: UUID
) -> None:
    first, *others, tomorrow = asked_for(client, deployment, past=4, to_come=1)
    by_hand = client.create_flow_run_from_deployment(deployment)

    run_flow(doctor, flow_run=client.read_flow_run(first.id), return_type="state")

    assert states(client, others) == ["CANCELLED"] * 3
    assert states(client, [tomorrow, by_hand]) == ["SCHEDULED"] * 2
