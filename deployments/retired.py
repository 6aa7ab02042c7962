"""What was deployed under names that are no more: its triggers would start work twice."""

from collections.abc import Iterator

from change import Change
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse

FORMER = {"gpu", "cpu"}  # what all were called until November 2026, by their pod


def retired(client: SyncPrefectClient) -> Iterator[Change]:
    """The deployments of ours that `prefect.yaml` knows by other names."""
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=["lamina"]))
    for one in client.read_deployments(deployment_filter=ours):
        if one.name in FORMER and (one.entrypoint or "").startswith("flows/"):
            yield Change(
                f"room: {one.entrypoint} was deployed as {one.name}, and has another name now",
                lambda one=one: _remove(client, one),
            )


def _remove(client: SyncPrefectClient, one: DeploymentResponse) -> None:
    client.delete_resource_owned_automations(f"prefect.deployment.{one.id}")
    client.delete_deployment(one.id)
