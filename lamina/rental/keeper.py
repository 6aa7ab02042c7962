"""When the rented GPU is started and when it is stopped: one turn at a time.

Started when work waits that somebody asked for and no worker of the pool is alive; work by the
clock alone starts nothing, and is done when the pod runs anyway. Stopped when there was no work for
a while, when no worker came of it, and when no more may be spent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lamina.errors import BusyError, LaminaError, NotFoundError
from lamina.rental.hooks import Lessor
from lamina.rental.ledger import OpenLedger, Rent
from lamina.rental_terms import Terms

LONGEST_PAUSE = timedelta(hours=1)  # between two starts that came to nothing
_LOOKS_AGAIN = timedelta(minutes=5)  # whether a worker that is alive is the rented pod's
_GOES_OFFLINE = timedelta(minutes=2)  # a stopped pod's worker looks alive for so long


@dataclass(frozen=True)
class Seen:
    """What the server of the jobs said of the GPU pool."""

    due: int = 0  # jobs that wait and were asked for
    running: int = 0
    alive: int = 0  # workers
    paused: bool = False


def turn(book: OpenLedger, seen: Seen | None, lessor: Lessor, terms: Terms, now: datetime) -> str:
    """Start, stop, or neither; what was done. What went wrong stands in the ledger's `trouble`.

    `seen` is None where the server of the jobs is away: then only the caps are kept.
    """
    said = _Turn(book, lessor, terms, now).take(seen)
    book.save()
    return said


class _Turn:
    def __init__(self, book: OpenLedger, lessor: Lessor, terms: Terms, now: datetime) -> None:
        self._book, self._ledger = book, book.ledger
        self._lessor, self._terms, self._now = lessor, terms, now

    def take(self, seen: Seen | None) -> str:
        rent, spent = self._ledger.open, self._overspent()
        if rent is None:
            return self._without(seen, spent) if seen else ""
        if spent:
            return self._stop(rent, spent)
        return self._with(rent, seen) if seen else ""

    def _without(self, seen: Seen, spent: str) -> str:
        """No pod runs, as far as the ledger knows."""
        if seen.alive:
            return self._adopted()
        if not seen.due or seen.paused:
            self._ledger.trouble = ""
            return ""
        if spent:
            self._ledger.trouble = f"nothing is started: {spent}"
            return ""
        if self._ledger.not_before and self._now < self._ledger.not_before:
            return ""
        return self._start(seen)

    def _with(self, rent: Rent, seen: Seen) -> str:
        """It runs, or should."""
        if seen.alive:
            rent.worked = rent.worked or self._now
            self._ledger.failures, self._ledger.trouble = 0, ""
            rent.heard = self._now
        if seen.due or seen.running:
            rent.busy = self._now
        silent = self._now - (rent.heard or rent.began)
        if rent.heard and not seen.alive and silent > _GOES_OFFLINE and self._has_ended():
            return self._close(rent, "it ended by itself")
        useless = not (seen.alive or seen.running)  # a worker may be silent while its job goes on
        if useless and silent > timedelta(minutes=self._terms.gpu_ready_minutes):
            self._failed(
                f"the GPU pod ran {silent / timedelta(minutes=1):.0f} minutes without a worker of "
                "gpu-pool; look at its log for its image, PREFECT_API_URL and volume"
            )
            return self._stop(rent, "no worker came of it")
        idle = self._now - max(rent.busy or rent.began, rent.worked or rent.began)
        if rent.worked and idle > timedelta(minutes=self._terms.gpu_idle_minutes):
            return self._stop(rent, f"no work for {self._terms.gpu_idle_minutes:g} minutes")
        return ""

    # -- starting ---------------------------------------------------------------------------------

    def _start(self, seen: Seen) -> str:
        jobs = f"{seen.due} job{'' if seen.due == 1 else 's'}"
        rent = Rent(began=self._now, busy=self._now, why=f"{jobs} waited")
        try:
            runs, price = self._lessor.look()
            rent.price_per_hour = self._price(price)
            self._ledger.rents.append(rent)
            self._book.save()  # before it is asked for: a pod that may run is never forgotten
            if not runs:
                self._lessor.start()
        except LaminaError as error:
            self._failed(str(error))
            if rent in self._ledger.rents and not self._may_run(error):
                self._ledger.rents.remove(rent)
            return ""
        self._ledger.trouble = ""
        return f"the GPU pod is started: {rent.why}, {rent.price_per_hour:g} an hour"

    def _adopted(self) -> str:
        """A person started it: it is stopped when idle, too, and its hours count from now."""
        last = self._ledger.rents[-1].ended if self._ledger.rents else None
        looked = self._ledger.looked
        if (last and self._now - last < _GOES_OFFLINE) or (
            looked and self._now - looked < _LOOKS_AGAIN
        ):
            return ""
        self._ledger.looked = self._now
        try:
            runs, price = self._lessor.look()
        except LaminaError:
            return ""
        if not runs:
            return ""  # another worker of the pool, which is not rented
        self._ledger.rents.append(
            Rent(
                began=self._now, worked=self._now, heard=self._now, why="found running",
                price_per_hour=self._price(price),
            )
        )  # fmt: skip
        return "the GPU pod runs already; its hours count from now"

    def _may_run(self, error: LaminaError) -> bool:
        """Whether a start that failed started it all the same; who cannot tell assumes so."""
        if not isinstance(error, BusyError):
            return False
        try:
            runs, _ = self._lessor.look()
        except LaminaError:
            return True
        return bool(runs) if runs is not None else "did not end" in str(error)

    def _failed(self, why: str) -> None:
        self._ledger.failures += 1
        pause = min(timedelta(minutes=2 ** min(self._ledger.failures, 10)), LONGEST_PAUSE)
        self._ledger.not_before = self._now + pause
        self._ledger.trouble = f"{why} (start {self._ledger.failures} that came to nothing)"

    def _price(self, told: float | None) -> float:
        known = [one.price_per_hour for one in self._ledger.rents[-1:]]
        return self._terms.gpu_price_per_hour or told or (known[0] if known else 0.0)

    # -- stopping ---------------------------------------------------------------------------------

    def _stop(self, rent: Rent, why: str) -> str:
        try:
            self._lessor.stop()
        except NotFoundError as gone:
            self._ledger.trouble = str(gone)
        except LaminaError as error:
            self._ledger.trouble = f"the GPU pod should stop ({why}) and does not: {error}"
            return ""
        return self._close(rent, why)

    def _close(self, rent: Rent, why: str) -> str:
        rent.ended, rent.why = self._now, f"{rent.why}; {why}"
        hours = (rent.ended - rent.began) / timedelta(hours=1)
        cost = rent.cost(rent.began, rent.ended)
        return f"the GPU pod is stopped: {why}; it ran {hours:.2f} hours and cost {cost:.2f}"

    def _has_ended(self) -> bool:
        try:
            return self._lessor.look()[0] is False
        except NotFoundError:
            return True
        except LaminaError:
            return False

    def _overspent(self) -> str:
        spent = (
            (self._ledger.spent_today(self._now), self._terms.gpu_cap_day, "today", "DAY"),
            (
                self._ledger.spent_this_month(self._now),
                self._terms.gpu_cap_month, "this month", "MONTH",
            ),
        )  # fmt: skip
        for so_far, cap, when, name in spent:
            if cap is not None and so_far >= cap:
                return (
                    f"the GPU pod cost {so_far:.2f} {when}, and no more than {cap:.2f} may be "
                    f"spent (LAMINA_GPU_CAP_{name})"
                )
        return ""
