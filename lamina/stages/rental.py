"""The rented GPU of this pod's settings: looked after beside the watcher."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from lamina.errors import LaminaError
from lamina.jobs_server import GPU_POOL, Job, JobsServer
from lamina.rental.hooks import lessor
from lamina.rental.keeper import Seen, turn
from lamina.rental.ledger import open_ledger
from lamina.stages.landing import resource
from lamina.stages.pod import Pod

GPU_TROUBLE = "lamina.gpu.trouble"
_LOOK_S = 10.0


def ledger_path(pod: Pod) -> Path:
    """Where hours and cost are kept."""
    return pod.workspace.processed / "gpu.json"


def keep(pod: Pod) -> Iterator[str]:
    """One turn: start or stop the GPU pod, and say what is news; nothing where none is rented.

    Raises:
        InvalidInputError: the settings lack a part.
        DamagedError: the ledger cannot be read.

    """
    terms = pod.settings
    if not terms.rents:
        return
    hirer = lessor(terms)
    seen, away = _seen(pod)
    with open_ledger(ledger_path(pod)) as book:
        before = book.ledger.trouble
        book.ledger.trouble = away or before
        said = turn(book, seen, hirer, terms, datetime.now(UTC))
        trouble = book.ledger.trouble
    news = trouble if trouble != before else ""
    if news:
        _tell(pod, news)
    yield from filter(None, (said, news))


def _seen(pod: Pod) -> tuple[Seen | None, str]:
    """What the server says of the GPU pool; None and a sentence where it is away."""
    client = pod.settings.prefect()
    if client is None:
        return None, "PREFECT_API_URL is not set: nobody can tell when the GPU pod has work"
    server = JobsServer(client, within_s=_LOOK_S)
    try:
        pool = next((one for one in server.pools() if one.name == GPU_POOL), None)
        waiting = [one for one in server.due() if one.pool == GPU_POOL]
        due = [one for one in waiting if not one.by_clock]
        _spare(server, [one for one in waiting if one.by_clock])
        living = [one for one in server.living() if one.pool == GPU_POOL]
    except LaminaError as error:
        return None, f"the GPU pod is left as it is: {error}"
    running = [one for one in living if one.state not in {"Paused", "Suspended"}]
    alive, paused = (len(pool.alive), pool.paused) if pool else (0, False)
    return Seen(due=len(due), running=len(running), alive=alive, paused=paused), ""


def _spare(server: JobsServer, by_clock: Sequence[Job]) -> None:
    """Cancel what the clock has asked for once more since: a stopped pod takes none of it.

    The newest of each order waits on, and is done when the pod runs anyway.
    """
    newest = {(one.deployment, one.order): one for one in by_clock}  # in the order of their times
    for job in by_clock:
        later = newest[job.deployment, job.order]
        if later is not job:
            with suppress(LaminaError):  # taken, or removed, in this moment
                server.cancel(job, f"{later.name}, by the clock again, does this, too")


def _tell(pod: Pod, trouble: str) -> None:
    """For whoever is notified; a server that is away does not hear of it."""
    with suppress(LaminaError):
        if client := pod.settings.prefect():
            server = JobsServer(client, within_s=_LOOK_S)
            server.tell(GPU_TROUBLE, resource(pod), {"why": trouble})
