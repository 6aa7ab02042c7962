"""What a pod made goes to the depot, for the others."""

from collections.abc import Mapping, Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from lamina.artifacts import ArtifactRef
from lamina.stages import handover
from tasks import edge

RETRIES = {"retries": 2, "retry_delay_seconds": [10, 60]}


