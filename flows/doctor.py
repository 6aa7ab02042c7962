"""Whether this pod is well."""

from prefect import flow

from blocks.in_force import obey
from tasks import upkeep


@flow(name="doctor", log_prints=False)
def doctor() -> None:
    """Examine the pod; a problem fails the run."""
    obey()
    upkeep.examine()
