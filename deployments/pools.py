"""The two work pools, one a kind of pod, and how many may do a thing at once."""

from collections.abc import Iterator

from change import Change
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate
from prefect.exceptions import ObjectNotFound

POOLS = {
    "gpu-pool": "Training, merging, converting: pods with a GPU",
    "cpu-pool": "Serving and assessment: pods that stay",
}
LIMITS = {"lamina-assessment": 1}  # two at once would spoil each other's latencies


def pools(client: SyncPrefectClient) -> Iterator[Change]:
    """The pools that are missing."""
    for name, description in POOLS.items():
        try:
            client.read_work_pool(name)
        except ObjectNotFound:
            pool = WorkPoolCreate(name=name, type="process", description=description)
            yield Change(f"work pool {name}", lambda pool=pool: client.create_work_pool(pool))


def limits(client: SyncPrefectClient) -> Iterator[Change]:
    """The limits that are missing; one that a person changed is left as it is."""
    for name, slots in LIMITS.items():
        try:
            client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            limit = GlobalConcurrencyLimitCreate(name=name, limit=slots)
            yield Change(
                f"limit {name} = {slots}",
                lambda limit=limit: client.create_global_concurrency_limit(limit),
            )
