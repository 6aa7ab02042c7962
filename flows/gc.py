"""What nothing needs any more is removed from the pod's store."""

from prefect import flow

from blocks.in_force import obey
from lamina.orders import CollectGarbage
from tasks import upkeep


@flow(name="gc", log_prints=False)
def gc(order: CollectGarbage = CollectGarbage()) -> int:  # noqa: B008
    """Bytes freed."""
    obey()
    return upkeep.collect_garbage(order)
