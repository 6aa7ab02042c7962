"""Whether a layer says on the server what it said in training."""

from lamina.artifacts import ArtifactRef
from lamina.conversion.parity import STAGE
from lamina.orders import CheckParity
from lamina.passport import BaseIdentity
from lamina.stages import parity
from tasks import edge
from tasks.caching import Stored, stage_task, step


@stage_task(STAGE, task_run_name="parity-{layer}")
def measure_parity(
    layer: str, adapter: ArtifactRef, base: BaseIdentity, order: CheckParity
) -> Stored:
    """The layer's ladder, whether it passed or not."""
    del base  # part of the key: another base, another ladder
    with edge.pod(f"climb-{layer}") as pod:
        return Stored.of(parity.check_parity(pod, adapter, order))


@step("require-parity-{layer}")
def require_parity(layer: str, ladder: ArtifactRef) -> None:
    """Show the ladder, and raise MismatchError where a rung is beyond its limit."""
    with edge.pod(f"climb-{layer}") as pod:
        found = parity.verdict(pod, ladder)
        edge.markdown(f"parity-{layer}", found.markdown(), found.sentence)
        parity.publish_parity(pod, ladder)
        parity.require_parity(found)
