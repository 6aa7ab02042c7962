"""A watcher's view of the rented pod, with a clock that the test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lamina.rental.hooks import lessor
from lamina.rental.keeper import Seen, turn
from lamina.rental.ledger import Ledger, open_ledger, read_ledger
from lamina.settings import Settings

WORK = Seen(due=2)
BUSY = Seen(running=1, alive=1)
IDLE = Seen(alive=1)
NOTHING = Seen()


@dataclass
class Rented:
    """Turn by turn."""

    path: Path
    terms: Settings
    now: datetime = datetime(2026, 11, 27, 12, tzinfo=UTC)
    said: list[str] = field(default_factory=list)

    def after(self, minutes: float, seen: Seen | None) -> Ledger:
        """One turn so much later; what it said is kept."""
        self.now += timedelta(minutes=minutes)
        with open_ledger(self.path) as book:
            self.said.append(turn(book, seen, lessor(self.terms), self.terms, self.now))
        return read_ledger(self.path)


def works(rented: Rented) -> None:
    """It was started, and its worker took the job."""
    rented.after(0, WORK)
    rented.after(3, BUSY)
