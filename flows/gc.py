"""What nothing needs any more is removed from the pod's store."""

from prefect import flow

from flows.shell import HOUR_S, begin, named
from lamina.errors import size
from lamina.orders import CollectGarbage
from tasks import runs, upkeep


@flow(name="gc", flow_run_name=named(CollectGarbage), timeout_seconds=6 * HOUR_S, log_prints=False)
def gc(order: CollectGarbage = CollectGarbage()) -> int:  # noqa: B008
    """Bytes freed."""
    begin()
    freed = upkeep.collect_garbage(order)
    return runs.ended(f"freed {size(freed)}", freed)
