"""The whole system at a look: what serves, what runs, what is due, what is held, what it costs.

Each part is looked at by itself, and becomes one sentence where its service is away. Nothing is
read, hashed or asked that would take longer than a person waits.
"""

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.doctor.services import server_url
from lamina.errors import BusyError, InvalidInputError, foreseen
from lamina.jobs_server import Job, JobsServer, Pool
from lamina.layer_server import hear
from lamina.rental.ledger import read_ledger
from lamina.stages import waiting
from lamina.stages.costs import training_costs
from lamina.stages.pod import Pod
from lamina.stages.rental import ledger_path
from lamina.stages.versions import Version, versions

WITHIN_S = 1.5  # of each service; they are asked at the same time
_UNAUTHORIZED = 401
_NO = ("held", "waiting for approval", "stopped")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class LayerServer(_Part):
    """What answers requests."""

    url: str
    base: str
    default: tuple[str, ...] = Field(description="layers of the default blend, with scales")
    layers: tuple[str, ...] = Field(description="those that can be used")
    ill: tuple[str, ...] = Field((), description="those that cannot")


class Jobs(_Part):
    """What the Prefect server knows."""

    url: str
    pools: tuple[Pool, ...]
    living: tuple[Job, ...]
    due: tuple[Job, ...]


class Layers(_Part):
    """Versions of layers on this pod, and what waits to become one."""

    served: tuple[Version, ...]
    held: tuple[Version, ...] = Field(description="the newest word on each layer, where it is no")
    candidates: tuple[Version, ...]
    due: dict[str, str] = Field(description="layer to what it waits for")


class Disk(_Part):
    """The volume of the workspace."""

    free_bytes: int
    total_bytes: int


class Cost(_Part):
    """What training and the rented GPU cost, in the currency of the price."""

    layers: dict[str, float] = Field(description="training of what serves or waits")
    rented: bool = Field(description="whether a GPU is rented by this pod")
    running_since: datetime | None = None
    hours: float = 0.0
    today: float = 0.0
    month: float = 0.0
    in_all: float = 0.0
    cap_day: float | None = None
    cap_month: float | None = None
    trouble: str = ""


class Status(_Part):
    """Every part, or None and a sentence in `away`."""

    when: datetime
    server: LayerServer | None
    jobs: Jobs | None
    layers: Layers | None
    disk: Disk | None
    cost: Cost | None
    away: dict[str, str] = Field(description="part to why nothing is known of it")


def look(pod: Pod) -> Status:
    """Ask everybody at once."""
    looks: Mapping[str, Callable[[Pod], BaseModel]] = {
        "server": _server, "jobs": _jobs, "layers": _layers, "disk": _disk, "cost": _cost,
    }  # fmt: skip
    away: dict[str, str] = {}
    with ThreadPoolExecutor(len(looks)) as pool:
        asked = {name: pool.submit(one, pod) for name, one in looks.items()}
        found: dict[str, Any] = {}
        for name, future in asked.items():
            try:
                found[name] = future.result()
            except Exception as error:
                told = foreseen(error)
                if told is None:
                    raise
                found[name], away[name] = None, str(told)
    return Status(when=datetime.now(UTC), away=away, **found)


def _server(pod: Pod) -> LayerServer:
    url = server_url(pod.settings)
    key = pod.settings.api_key.get_secret_value() if pod.settings.api_key else None
    models, listed = (
        hear(f"{url}/{path}", key, within_s=WITHIN_S / 2) for path in ("v1/models", "lora-adapters")
    )
    if models.status is None:
        msg = f"no layer server answers at {url}; `lamina serve` starts one"
        raise BusyError(msg)
    if models.status == _UNAUTHORIZED:
        msg = f"the layer server at {url} wants another key; set LAMINA_API_KEY"
        raise InvalidInputError(msg)
    try:
        facts = {one["id"]: one["lamina"] for one in models.body["data"]}
        default = tuple(f"{one['name']}:{one['scale']:g}" for one in facts["default"]["layers"])
        ill = tuple(str(one["name"]) for one in listed.body if one.get("problem"))
        layers = tuple(str(one["name"]) for one in listed.body if not one.get("problem"))
        base = str(facts["base"]["name"] or facts["base"]["digest"][:12])
    except (KeyError, TypeError, IndexError) as stranger:
        state = "still loads its base" if models.status == 503 else "is another program's"  # noqa: PLR2004 - HTTP's own
        msg = f"the server at {url} {state}; wait, or correct LAMINA_SERVER_URL"
        raise BusyError(msg) from stranger
    return LayerServer(url=url, base=base, default=default, layers=layers, ill=ill)


def _jobs(pod: Pod) -> Jobs:
    client = pod.settings.prefect()
    if client is None:
        msg = "none is named (PREFECT_API_URL): flows run in the terminals they began in"
        raise InvalidInputError(msg)
    server = JobsServer(client, within_s=WITHIN_S)
    return Jobs(url=server.url, pools=server.pools(), living=server.living(), due=server.due())


def _layers(pod: Pod) -> Layers:
    known = versions(pod)
    decided = [(one.decision.time, one) for one in known if one.decision]
    newest = {one.layer: one for _, one in sorted(decided, key=lambda pair: pair[0])}
    return Layers(
        served=tuple(one for one in known if one.state == "served"),
        held=tuple(one for one in newest.values() if one.state in _NO),
        candidates=tuple(one for one in known if one.state == "candidate"),
        due=waiting.waiting(pod),
    )


def _disk(pod: Pod) -> Disk:
    usage = shutil.disk_usage(pod.workspace.root)
    return Disk(free_bytes=usage.free, total_bytes=usage.total)


def _cost(pod: Pod) -> Cost:
    layers = training_costs(pod)
    book, now, terms = read_ledger(ledger_path(pod)), datetime.now(UTC), pod.settings
    return Cost(
        layers=layers,
        rented=terms.rents,
        running_since=book.open.began if book.open else None,
        hours=book.hours(now),
        today=book.spent_today(now),
        month=book.spent_this_month(now),
        in_all=book.spent(now),
        cap_day=terms.gpu_cap_day,
        cap_month=terms.gpu_cap_month,
        trouble=book.trouble,
    )
