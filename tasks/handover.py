"""What a pod made goes into the depot, for the others."""

from collections.abc import Sequence

from lamina.stages import landing
from tasks import edge
from tasks.caching import step


@step("push_layers", retries=2, retry_delay_seconds=[10, 60])
def push_layers(layers: Sequence[str]) -> list[str]:
    """Put published layers into the depot, if there is one; those that are news there."""
    with edge.pod("push-layers") as pod:
        return landing.push_trained(pod, layers)
