"""What no view, head or kept version reaches any more is removed."""

from prefect import flow

from blocks.in_force import obey
from lamina.orders import CollectGarbage
from tasks import upkeep


@flow(name="gc", log_prints=False)
def gc(order: CollectGarbage = CollectGarbage()) -> int:  # noqa: B008
    """Collect garbage; bytes freed."""
    obey()
    return upkeep.collect_garbage(order)
