"""What a pod made goes into the depot, for the others."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from lamina.stages import handover
from tasks import edge


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=[10, 60])
def push_layers(layers: Sequence[str]) -> list[str]:
    """Hand published layers over, with the base; those that are in the depot now.

    None where there is no depot: then the pods share a volume, and the layers serve already.
    """
    with edge.pod("push-layers") as pod:
        if not layers or not handover.has_depot(pod):
            return []
        handover.push(pod, handover.published_heads(pod, layers))
        return sorted(layers)
