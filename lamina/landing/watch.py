"""One turn of the watcher: see what landed, write it down, tell it, and tell again what was missed.

Written down before it is told: a watcher that dies in between tells it at its next turn, under the
same id. So an event can be sent twice and is acted upon once.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import BusyError
from lamina.landing.inbox import Landed, Look, look
from lamina.landing.ledger import LedgerFile, open_ledger
from lamina.landing.notice import PDFS_LANDED, EventsApi, Notice, notice


class Turn(BaseModel):
    """What one turn saw and did."""

    model_config = ConfigDict(frozen=True)

    seen: Look
    announced: tuple[Landed, ...] = Field(description="put into an event in this turn")
    delivered: tuple[Notice, ...]
    waiting: int = Field(description="events that the server has not taken yet")
    trouble: str = Field("", description="why they wait")


def watch_once(  # noqa: PLR0913 - a turn's parts
    inbox: Path,
    files: Iterable[Path],
    ledger: Path,
    *,
    resource: str,
    digest: Callable[[Path], str],
    hand_in: Callable[[tuple[Landed, ...]], dict[str, Any]],
    events: EventsApi | None,
    now_s: float,
    settle_s: float,
    patience_s: float,
) -> Turn:
    """Announce what landed as one event, as soon as nothing grows any more.

    A file that keeps growing holds the others up for `patience_s` at most. `hand_in` puts the files
    where the pod that trains can get them, and gives what the event says of it.

    Raises:
        DamagedError: the ledger cannot be read.
        InvalidInputError: the server refused an event for good.

    """
    with open_ledger(ledger) as file:
        seen = look(inbox, files, file.ledger.known, digest, now_s=now_s, settle_s=settle_s)
        announced: tuple[Landed, ...] = ()
        if seen.landed and (not seen.growing or seen.oldest_s >= patience_s):
            announced = seen.landed
            payload = _payload(announced) | hand_in(announced)
            file.ledger.note(announced, notice(PDFS_LANDED, resource, payload))
            file.save()
        delivered, trouble = _deliver(file, events)
        return Turn(
            seen=seen,
            announced=announced,
            delivered=delivered,
            waiting=len(file.ledger.outbox),
            trouble=trouble,
        )


def _payload(landed: tuple[Landed, ...]) -> dict[str, Any]:
    layers = sorted({one.layer for one in landed})
    return {
        "layers": layers,
        "files": len(landed),
        "contents": sorted(one.content for one in landed),
        "names": [f"{one.layer}/{one.name}" for one in landed[:50]],
    }


def _deliver(file: LedgerFile, events: EventsApi | None) -> tuple[tuple[Notice, ...], str]:
    """Send what waits, oldest first; stop at the first that the server cannot take now."""
    delivered: list[Notice] = []
    while file.ledger.outbox:
        told = file.ledger.outbox[0]
        if events is None:
            return tuple(delivered), "no server is named; set PREFECT_API_URL"
        try:
            if not events.heard(told):
                events.deliver(told)
        except BusyError as error:
            return tuple(delivered), str(error)
        delivered.append(told)
        file.ledger.outbox.pop(0)
        file.save()
    return tuple(delivered), ""
