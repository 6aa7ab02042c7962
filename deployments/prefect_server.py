"""Starts Prefect's server; what it had promised before it went away counts on for a while.

Runs live on without their server, and cannot tell it. A server that comes back would find their
heartbeats overdue and their leases run out, give them up at its first look and begin them again
beside themselves. So each is given `GRACE` anew. What is gone indeed is found out after that.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from automations import LOST
from prefect.server.concurrency.lease_storage import get_concurrency_lease_storage
from prefect.server.database import provide_database_interface

# A client asks again after at most as long as the server was away, and a run says twice a minute
# that it lives: enough for an absence of nine minutes.
GRACE = timedelta(minutes=10)
_LEASES = 10_000  # far more than one system holds


async def _give_grace() -> None:
    until = datetime.now(UTC) + GRACE
    db = provide_database_interface()
    kept = db.AutomationBucket
    lost = sa.select(db.Automation.id).where(db.Automation.name == LOST.name)
    async with db.session_context(begin_transaction=True) as session:
        overdue = kept.automation_id.in_(lost) & (kept.end < until)
        await session.execute(sa.update(kept).where(overdue).values(end=until))
    leases = get_concurrency_lease_storage()
    for lease in (
        *await leases.read_active_lease_ids(limit=_LEASES),
        *await leases.read_expired_lease_ids(limit=_LEASES),
    ):
        await leases.renew_lease(lease, GRACE)


def main() -> None:
    """Become the server, which gets the arguments."""
    try:
        asyncio.run(_give_grace())
    except (sa.exc.SQLAlchemyError, OSError) as missing:
        # An empty database has no tables yet; one that does not answer is the server's to tell.
        print(f"no earlier promises are known ({type(missing).__name__})", file=sys.stderr)
    prefect = os.path.join(os.path.dirname(sys.executable), "prefect")  # noqa: PTH118, PTH120
    os.execv(prefect, [prefect, "server", "start", *sys.argv[1:]])  # noqa: S606 - our own


if __name__ == "__main__":
    main()
