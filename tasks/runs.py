"""Runs of deployments: named for their work, started for others, and spared where one suffices."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.deployments import run_deployment
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed
from pydantic import BaseModel

from lamina.errors import MismatchError
from lamina.version import code_version, is_other_code
from tasks import edge
from tasks.caching import step
from tasks.recall import is_recalling

R = TypeVar("R")


@step("start")
def start(
    deployment: str, orders: Mapping[str, BaseModel], names: Mapping[str, str]
) -> dict[str, str]:
    """Start one run for each order, once for this flow run, and wait for none; layer to run id.

    Their pool may be this run's own.
    """
    started = {}
    for layer, order in orders.items():
        run: Any = run_deployment(  # typed as a coroutine, too, which it is not in sync code
            deployment,
            parameters={"order": order.model_dump(mode="json")},
            flow_run_name=names[layer],
            idempotency_key=f"{flow_run.get_id()}-{deployment}-{layer}",
            timeout=0,
            as_subflow=False,
        )
        started[layer] = str(run.id)
        with edge.progress("runs") as told:
            told.say(f"{deployment} was started for {layer}")
    return started


def call(name: str) -> None:
    """Name this run for its work, now that it is known."""
    if run_id := _run_id():
        with get_client(sync_client=True) as client:
            client.set_flow_run_name(run_id, name[:_LONGEST])


def ended(message: str, result: R) -> R:
    """How a flow ends: with the outcome in its state's message; who called it gets the result."""
    state: Any = Completed(message=message[:_LONGEST], data=result)
    return result if is_recalling() else state


_LONGEST = 300  # characters: what the UI shows of a name or a message


def refuse_other_code() -> None:
    """Raise MismatchError where this pod runs other code than its run was deployed from."""
    if run_id := _run_id():
        with get_client(sync_client=True) as client:
            deployed = client.read_flow_run(run_id).deployment_version
        if is_other_code(deployed):
            msg = (
                f"this pod runs Lamina {code_version()}, and the deployment is of {deployed}; "
                "bring the pod up to date, or deploy again from here (deployments/deploy.py)"
            )
            raise MismatchError(msg)


def take_over_what_waits() -> None:
    """Cancel the runs of this deployment that wait for the same: this one does their work.

    They were woken by an event, or the clock has asked for them by now, while no worker took them.
    What landed before now is seen by this run. What lands later wakes another, which waits until
    this one ends. Runs that a person has started, or that have another order, are left alone.
    """
    if not (run_id := _run_id()):
        return
    with get_client(sync_client=True) as client:
        mine = client.read_flow_run(run_id)
        if not mine.deployment_id:
            return
        waiting = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
            ),
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[mine.deployment_id])),
        )
        for run in waiting:
            if _is_due(run) and run.id != mine.id and run.parameters == mine.parameters:
                done: State[Any] = Cancelled(message=f"{mine.name} does this work, too")
                client.set_flow_run_state(run.id, done)


def _is_due(run: FlowRun) -> bool:
    """Whether an event has started it, or the clock by now; no person has."""
    woken = run.created_by and run.created_by.type == "AUTOMATION"
    begins = run.expected_start_time
    return bool(woken or (run.auto_scheduled and begins and begins <= datetime.now(UTC)))


def _run_id() -> Any:  # noqa: ANN401 - a UUID, or none where no server knows of this run
    return None if is_recalling() else flow_run.get_id()
