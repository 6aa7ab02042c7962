"""How the product asks the server of its jobs over HTTP: who takes them, what waits, what runs.

The addresses are those of Prefect's API.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import BusyError, InvalidInputError

GPU_POOL = "gpu-pool"
CPU_POOL = "cpu-pool"
_MOST = 200  # jobs that are told; more would be a page of their own
_LIVING = ("RUNNING", "PENDING", "CANCELLING", "PAUSED")


class Worker(BaseModel):
    """A process that takes jobs of a pool."""

    model_config = ConfigDict(frozen=True)

    name: str
    alive: bool
    heard: datetime | None = Field(None, description="its last heartbeat")


class Pool(BaseModel):
    """A work pool, with everybody who ever worked for it."""

    model_config = ConfigDict(frozen=True)

    name: str
    paused: bool = False
    workers: tuple[Worker, ...] = ()

    @property
    def alive(self) -> tuple[Worker, ...]:
        """Those whose heart beats."""
        return tuple(worker for worker in self.workers if worker.alive)


class Job(BaseModel):
    """A run that waits, or goes on."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    deployment: str = Field(description="flow/deployment, or the flow alone")
    pool: str | None
    state: str = Field(description="such as Late, Running, Suspended")
    message: str = ""
    since: datetime = Field(description="when it took this state, or was to begin")
    by_clock: bool = Field(default=False, description="a schedule made it, and nobody else")
    order: str = Field("{}", description="its parameters, as JSON")
    progress: float | None = Field(None, description="of its newest bar, 0 to 100")


class JobsServer:
    """The server of the jobs; one object is one look, which must end within a time."""

    def __init__(self, client: httpx.Client, *, within_s: float = 1.5) -> None:
        self._client = client
        self.url = str(client.base_url).rstrip("/")
        self._end_s = time.monotonic() + within_s

    def pools(self) -> tuple[Pool, ...]:
        """Every pool with its workers.

        Raises:
            BusyError: no server answers, or not in time.
            InvalidInputError: it wants other credentials, or is no such server.

        """
        found = self._ask("/work_pools/filter", {})
        return tuple(
            Pool(name=one["name"], paused=one["is_paused"], workers=self._workers(one["name"]))
            for one in sorted(found, key=lambda one: str(one["name"]))
        )

    def living(self) -> tuple[Job, ...]:
        """Jobs that run, begin, or wait for a person; raises as `pools` does."""
        return self._jobs({"state": {"type": {"any_": [*_LIVING]}}}, with_progress=True)

    def due(self) -> tuple[Job, ...]:
        """Jobs that should have begun and wait for a worker or a slot; raises as `pools` does."""
        wanted = {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": {"before_": datetime.now(UTC).isoformat()},
        }
        return self._jobs(wanted)

    def tell(self, event: str, resource: str, payload: Mapping[str, str]) -> None:
        """Have it know of something, for whoever is notified; raises as `pools` does."""
        told = {
            "id": str(uuid4()),
            "event": event,
            "occurred": datetime.now(UTC).isoformat(),
            "resource": {"prefect.resource.id": resource},
            "payload": dict(payload),
        }
        self._post("/events", [told])

    def cancel(self, job: Job, why: str) -> None:
        """Have a job that waits not be done; raises as `pools` does."""
        state = {"type": "CANCELLED", "name": "Cancelled", "message": why}
        self._post(f"/flow_runs/{job.id}/set_state", {"state": state})

    def _workers(self, pool: str) -> tuple[Worker, ...]:
        return tuple(
            Worker(
                name=one["name"],
                alive=one.get("status") == "ONLINE",
                heard=one.get("last_heartbeat_time"),
            )
            for one in self._ask(f"/work_pools/{pool}/workers/filter", {})
        )

    def _jobs(self, wanted: Mapping[str, Any], *, with_progress: bool = False) -> tuple[Job, ...]:
        body = {"flow_runs": wanted, "sort": "EXPECTED_START_TIME_ASC", "limit": _MOST}
        runs = self._ask("/flow_runs/filter", body)
        names = self._names(runs) if runs else {}
        bars = self._bars([one["id"] for one in runs]) if runs and with_progress else {}
        return tuple(
            Job(
                id=one["id"],
                name=one["name"],
                deployment=names.get(one["deployment_id"]) or names.get(one["flow_id"], ""),
                pool=one["work_pool_name"],
                state=one["state_name"],
                message=one["state"]["message"] or "",
                since=one["state"]["timestamp"] if with_progress else one["expected_start_time"],
                by_clock=one["auto_scheduled"],
                order=json.dumps(one.get("parameters") or {}, sort_keys=True),
                progress=bars.get(one["id"]),
            )
            for one in runs
        )

    def _names(self, runs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """What flows and deployments are called, by their ids."""
        flows = self._by_id("flows", {one["flow_id"] for one in runs})
        deployed = self._by_id(
            "deployments", {one["deployment_id"] for one in runs if one["deployment_id"]}
        )
        told = {key: str(one["name"]) for key, one in flows.items()}
        return told | {
            key: f"{told.get(one['flow_id'], '')}/{one['name']}" for key, one in deployed.items()
        }

    def _by_id(self, kind: str, ids: set[str]) -> dict[str, Mapping[str, Any]]:
        if not ids:
            return {}
        found = self._ask(f"/{kind}/filter", {kind: {"id": {"any_": sorted(ids)}}})
        return {one["id"]: one for one in found}

    def _bars(self, runs: Sequence[str]) -> dict[str, float]:
        """How far each run's newest piece of work is."""
        wanted = {"flow_run_id": {"any_": [*runs]}, "type": {"any_": ["progress"]}}
        found = self._ask("/artifacts/filter", {"artifacts": wanted, "limit": _MOST})
        latest = sorted(found, key=lambda one: str(one["updated"]))
        return {one["flow_run_id"]: float(one["data"]) for one in latest}

    def _ask(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return self._post(path, body).json()

    def _post(self, path: str, body: object) -> httpx.Response:
        left_s = max(0.05, self._end_s - time.monotonic())
        try:
            reply = self._client.post(path, json=body, timeout=left_s)
        except (httpx.HTTPError, httpx.InvalidURL) as silent:
            said = str(silent) or type(silent).__name__
            msg = f"no Prefect server answers at {self.url} ({said}); start it, or wait"
            raise BusyError(msg) from silent
        if reply.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            msg = f"the Prefect server at {self.url} is not well (HTTP {reply.status_code}); wait"
            raise BusyError(msg)
        if not reply.is_success:
            msg = (
                f"the Prefect server at {self.url} refuses (HTTP {reply.status_code}); "
                "check PREFECT_API_URL, and PREFECT_API_AUTH_STRING or _KEY"
            )
            raise InvalidInputError(msg)
        return reply
