"""One turn of the watcher: see what landed, write it down, wake the trainers, and make sure of it.

Written down before it is told: a watcher that dies in between tells it at its next turn.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lamina.landing.inbox import Landed, Look, look
from lamina.landing.ledger import open_ledger
from lamina.landing.notice import PDFS_LANDED, EventsApi, Outbox, Told


class Turn(BaseModel):
    """What one turn saw and did."""

    model_config = ConfigDict(frozen=True)

    seen: Look
    announced: tuple[Landed, ...] = Field(description="news of this turn")
    told: Told


def watch_once(  # noqa: PLR0913 - a turn's parts
    inbox: Path,
    files: Iterable[Path],
    ledger: Path,
    *,
    resource: str,
    digest: Callable[[Path], str],
    hand_in: Callable[[tuple[Landed, ...]], object],
    outbox: Outbox,
    events: EventsApi | None,
    now_s: float,
    settle_s: float,
    patience_s: float,
) -> Turn:
    """Announce what landed with one wake-up, as soon as nothing grows any more.

    A file that keeps growing holds the others up for `patience_s` at most. `hand_in` puts the files
    where the pod that trains can get them.

    Raises:
        DamagedError: the ledger cannot be read.
        InvalidInputError: the server refused an event for good.

    """
    with open_ledger(ledger) as file:
        seen = look(inbox, files, file.ledger.known, digest, now_s=now_s, settle_s=settle_s)
        announced: tuple[Landed, ...] = ()
        if seen.landed and (not seen.growing or seen.oldest_s >= patience_s):
            announced = seen.landed
            hand_in(announced)
            outbox.note(PDFS_LANDED, resource)
            file.ledger.note(announced)
            file.save()
    return Turn(seen=seen, announced=announced, told=outbox.tell(events))
