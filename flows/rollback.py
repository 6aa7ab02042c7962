"""The version of a layer that served before takes its place again."""

from prefect import flow

from flows.shell import HOUR_S, begin, named
from lamina.artifacts import ArtifactRef
from lamina.orders import Rollback
from tasks import publishing, runs


@flow(name="rollback", flow_run_name=named(Rollback), timeout_seconds=HOUR_S, log_prints=False)
def rollback(order: Rollback) -> ArtifactRef:
    """Flip the view back; the server follows without a restart."""
    begin()
    back = publishing.rollback(order.layer)
    return runs.ended(f"{order.layer} serves version {back.digest[:12]} again", back)
