"""Whether this pod is well."""

from prefect import flow

from flows.shell import HOUR_S, begin
from tasks import runs, upkeep


@flow(name="doctor", flow_run_name="examine the pod", timeout_seconds=HOUR_S, log_prints=False)
def doctor() -> None:
    """Examine the pod; a problem fails the run."""
    begin()
    return runs.ended(upkeep.examine(), None)
