"""When the rented GPU ran, and what that cost: one file, whole at any time.

A start is written down before it is asked for, and a stop after it was confirmed. So a watcher that
dies in between knows of a pod that may run, and never forgets one that does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from lamina.errors import DamagedError
from lamina.store import alone, write_atomically


class Rent(BaseModel):
    """One time that the pod ran, from its start to its stop."""

    began: datetime
    ended: datetime | None = Field(None, description="none = it runs, as far as is known")
    price_per_hour: float = 0.0
    worked: datetime | None = Field(None, description="when a worker of it was seen first")
    heard: datetime | None = Field(None, description="when one was seen last")
    busy: datetime | None = Field(None, description="when there was work for it last")
    why: str = Field("", description="why it was started, and why it was stopped")

    def cost(self, since: datetime, until: datetime) -> float:
        """What it cost within this time."""
        begin, end = max(self.began, since), min(self.ended or until, until)
        return self.price_per_hour * max(0.0, (end - begin) / timedelta(hours=1))


class Ledger(BaseModel):
    """Every time that it ran, the oldest first, and what went wrong last."""

    rents: list[Rent] = []
    failures: int = Field(0, description="starts in a row that came to nothing")
    not_before: datetime | None = Field(None, description="when the next start may be tried")
    looked: datetime | None = Field(None, description="when a pod that nobody started was sought")
    trouble: str = Field("", description="what went wrong last, or why nothing is started")

    @property
    def open(self) -> Rent | None:
        """The rent that runs now."""
        return next((rent for rent in reversed(self.rents) if rent.ended is None), None)

    def spent_today(self, now: datetime) -> float:
        """Since midnight, UTC."""
        return self._spent(_day(now), now)

    def spent_this_month(self, now: datetime) -> float:
        """Since the first of the month, UTC."""
        return self._spent(_day(now).replace(day=1), now)

    def hours(self, now: datetime) -> float:
        """All that it ever ran."""
        return sum(((one.ended or now) - one.began) / timedelta(hours=1) for one in self.rents)

    def spent(self, now: datetime) -> float:
        """All that it ever cost."""
        return self._spent(datetime.min.replace(tzinfo=UTC), now)

    def _spent(self, since: datetime, until: datetime) -> float:
        return sum(rent.cost(since, until) for rent in self.rents)


def read_ledger(path: Path) -> Ledger:
    """The ledger as it stands; an empty one where there is no file.

    Raises:
        DamagedError: the file is no ledger.

    """
    try:
        return Ledger.model_validate_json(path.read_bytes()) if path.exists() else Ledger()
    except ValidationError as broken:
        msg = (
            f"{path} is no ledger of the rented GPU; see whether the pod runs, then move the file "
            "away: what was spent so far is counted no more"
        )
        raise DamagedError(msg) from broken


class OpenLedger:
    """A ledger that nobody else changes meanwhile."""

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self._path = path
        self.ledger = ledger

    def save(self) -> None:
        """Write what stands in it now, before anything is done that relies on it."""
        write_atomically(self._path, self.ledger.model_dump_json(indent=1).encode())


@contextmanager
def open_ledger(path: Path) -> Iterator[OpenLedger]:
    """The ledger, locked against other watchers until the end of the block; raises as reading."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path.with_name(f".{path.name}.lock")):
        yield OpenLedger(path, read_ledger(path))


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
