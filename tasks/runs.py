"""Runs of other deployments, started and not waited for: their pool may be this run's own."""

from collections.abc import Mapping
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.deployments import run_deployment
from prefect.runtime import flow_run
from pydantic import BaseModel

from tasks import edge


@task(cache_policy=NO_CACHE, task_run_name="start")
def start(deployment: str, orders: Mapping[str, BaseModel]) -> dict[str, str]:
    """Start one run for each order, once for this flow run; name to run id."""
    started = {}
    for name, order in orders.items():
        run: Any = run_deployment(  # typed as a coroutine, too, which it is not in sync code
            deployment,
            parameters={"order": order.model_dump(mode="json")},
            flow_run_name=name,
            idempotency_key=f"{flow_run.get_id()}-{deployment}-{name}",
            timeout=0,
            as_subflow=False,
        )
        started[name] = str(run.id)
        with edge.progress("runs") as told:
            told.say(f"{deployment} was started for {name}")
    return started
