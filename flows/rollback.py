"""The version of a layer that served before takes its place again."""

from prefect import flow

from blocks.in_force import obey
from lamina.artifacts import ArtifactRef
from lamina.orders import Rollback
from tasks import publishing


@flow(name="rollback", log_prints=False)
def rollback(order: Rollback) -> ArtifactRef:
    """Flip the view back; the server follows without a restart."""
    obey()
    return publishing.rollback(order.layer)
