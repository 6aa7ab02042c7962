"""Runs that a schedule has asked for while nobody was there to take them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.schedules import IntervalSchedule


def asked_for(
    client: SyncPrefectClient, deployment: UUID, past: int, to_come: int = 0
) -> list[FlowRun]:
    """One a day, the last of the past now, which the server itself makes; the oldest first."""
    now, day = datetime.now(UTC), timedelta(days=1)
    daily = IntervalSchedule(interval=day, anchor_date=now - timedelta(minutes=5))
    client.create_deployment_schedules(deployment, [(daily, True)])
    days = past + to_come
    wanted = {
        "start_time": (now - past * day).isoformat(), "end_time": (now + to_come * day).isoformat(),
        "min_runs": days, "max_runs": days, "min_time": day.total_seconds() * days,
    }  # fmt: skip
    client.request("POST", f"/deployments/{deployment}/schedule", json=wanted)  # type: ignore[arg-type]
    found = client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    )
    made = sorted(found, key=lambda one: str(one.expected_start_time))[:days]
    assert sum(str(one.expected_start_time) <= str(now) for one in made) == past
    return made


def states(client: SyncPrefectClient, runs: list[FlowRun]) -> list[str]:
    """What each run came to."""
    return [str(client.read_flow_run(one.id).state_type.name) for one in runs]
