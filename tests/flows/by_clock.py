"""Runs that a schedule has asked for while nobody was there to take them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.schedules import IntervalSchedule


def asked_for(client: SyncPrefectClient, deployment: UUID, days: int) -> list[FlowRun]:
    """One a day up to now, which the server itself makes; the oldest first."""
    now = datetime.now(UTC)
    daily = IntervalSchedule(interval=timedelta(days=1), anchor_date=now - timedelta(minutes=5))
    client.create_deployment_schedules(deployment, [(daily, True)])
    past = {"start_time": (now - timedelta(days=days)).isoformat(), "end_time": now.isoformat()}
    wanted = {**past, "min_runs": days, "max_runs": days, "min_time": 86_400.0 * days}
    client.request("POST", f"/deployments/{deployment}/schedule", json=wanted)  # type: ignore[arg-type]
    found = client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    )
    due = [one for one in found if one.expected_start_time and one.expected_start_time <= now]
    assert len(due) == days
    return sorted(due, key=lambda one: str(one.expected_start_time))


def states(client: SyncPrefectClient, runs: list[FlowRun]) -> list[str]:
    """What each run came to."""
    return [str(client.read_flow_run(one.id).state_type.name) for one in runs]
