"""The whole system on one screen."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lamina.cli.front import Choice, command
from lamina.cli.shared import open_pod

if TYPE_CHECKING:
    from lamina.jobs_server import Job
    from lamina.stages.status import Cost, Status
    from lamina.stages.versions import Version

_AGAIN_S = 5.0
_LINE = 160  # characters of a reason; `lamina versions` has all of it


@command("status", "This pod", "status --watch")
def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="again and again, until Ctrl-C")] = False,
) -> None:
    """What serves, what runs, what is due or held and why, disk and cost: one screen."""
    import time

    from lamina.stages import status as stage

    with open_pod() as pod:
        while True:
            found = stage.look(pod)
            if watch and not Choice.as_json:
                print("\033[H\033[2J\033[3J", end="")
            _show(found, lines=watch)
            if not watch:
                return
            time.sleep(_AGAIN_S)


def _show(found: "Status", *, lines: bool) -> None:
    from lamina.terminal import print_table

    if Choice.as_json:
        print(found.model_dump_json(indent=None if lines else 1), flush=True)
        return
    for line in _head(found):
        print(line)
    for title, rows in _tables(found):
        print(f"\n{title}" if rows else f"\n{title}: nothing")
        print_table(rows)
    print("", *_foot(found), sep="\n", flush=True)


def _head(found: "Status") -> Iterator[str]:
    """The servers, and who works."""
    if one := found.server:
        default = "+".join(one.default) or "the base"
        ill = f"; cannot use {', '.join(one.ill)}" if one.ill else ""
        yield (
            f"layer server  {one.url}: base {one.base}, {len(one.layers)} layers, "
            f"default {default}{ill}"
        )
    else:
        yield f"layer server  {found.away['server']}"
    if found.jobs is None:
        yield f"Prefect       {found.away['jobs']}"
        return
    yield f"Prefect       {found.jobs.url}"
    for pool in found.jobs.pools:
        names = ", ".join(worker.name for worker in pool.alive)
        state = f"{len(pool.alive)} alive: {names}" if names else "no worker is alive"
        yield f"  {pool.name:11} {state}{', paused' if pool.paused else ''}"


def _tables(found: "Status") -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
    landed = found.layers.due if found.layers else {}
    due = [{"what": layer, "why": why} for layer, why in landed.items()]
    if found.jobs:
        dead = {pool.name for pool in found.jobs.pools if not pool.alive}
        yield "runs", [_running(job) for job in found.jobs.living]
        due = [*({"what": _called(job), "why": _late(job, dead)} for job in found.jobs.due), *due]
    yield "due", due
    if found.layers is None:
        yield f"layers ({found.away['layers']})", []
        return
    yield "serves", [_version(one) for one in found.layers.served]
    if found.layers.candidates:
        yield "waits for its verdict", [_version(one) for one in found.layers.candidates]
    yield "held", [_version(one) for one in found.layers.held]


def _called(job: "Job") -> str:
    return f"{job.deployment}: {job.name}"


def _running(job: "Job") -> dict[str, Any]:
    bar = "" if job.progress is None else f"{job.progress:.0f} %"
    return {"what": _called(job), "state": job.state, "done": bar, "since": _time(job.since)}


def _late(job: "Job", dead: set[str]) -> str:
    why = f"no worker of {job.pool} is alive" if job.pool in dead else job.message
    return f"{job.state} since {_time(job.since)}" + (f": {why}" if why else "")


def _version(one: "Version") -> dict[str, Any]:
    said = one.decision
    why = " ".join(said.why.split()) if said else ""
    return {
        "layer": one.layer,
        "version": one.digest[:12],
        "since": _time(said.time) if said else "",
        "verdict": str(said.facts.get("verdict") or said.action) if said else "",
        "why": why if len(why) <= _LINE else f"{why[: _LINE - 3]}...",
    }


def _foot(found: "Status") -> Iterator[str]:
    from lamina.errors import size

    if one := found.disk:
        yield f"disk          {size(one.free_bytes)} of {size(one.total_bytes)} are free"
    else:
        yield f"disk          {found.away['disk']}"
    yield from _cost(found.cost) if found.cost else [f"cost          {found.away['cost']}"]


def _cost(cost: "Cost") -> Iterator[str]:
    if cost.layers:
        told = ", ".join(f"{layer} {spent:.2f}" for layer, spent in cost.layers.items())
        yield f"training      {sum(cost.layers.values()):.2f}: {told}"
    if not cost.rented:
        yield "rented GPU    none is named (LAMINA_GPU_POD)"
        return
    state = f"runs since {_time(cost.running_since)}" if cost.running_since else "does not run"
    yield (
        f"rented GPU    {state}; today {_of(cost.today, cost.cap_day)}, this month "
        f"{_of(cost.month, cost.cap_month)}, {cost.in_all:.2f} in {cost.hours:.1f} hours in all"
    )
    if cost.trouble:
        yield f"              {cost.trouble}"


def _of(spent: float, cap: float | None) -> str:
    return f"{spent:.2f}" if cap is None else f"{spent:.2f} of {cap:.2f}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
