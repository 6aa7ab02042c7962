"""Makes what must stand on the Prefect server before `prefect deploy`: the two work pools.

Idempotent: what is there already is left as it is. `--dry-run` prints what would be made.
"""

import argparse

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound

POOLS = {
    "gpu-pool": "Training, merging, converting: pods with a GPU",
    "cpu-pool": "Serving and assessment: pods that stay",
}


def missing_pools(client: SyncPrefectClient) -> list[str]:
    """Names of the pools that the server does not have yet."""

    def is_missing(name: str) -> bool:
        try:
            client.read_work_pool(name)
        except ObjectNotFound:
            return True
        return False

    return [name for name in POOLS if is_missing(name)]


def main() -> None:
    """Print a line for each pool that is made."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--dry-run", action="store_true", help="only say what would be made")
    dry_run = flags.parse_args().dry_run
    with get_client(sync_client=True) as client:
        for name in missing_pools(client):
            print(f"{'would make' if dry_run else 'made'} work pool {name}")
            if not dry_run:
                pool = WorkPoolCreate(name=name, type="process", description=POOLS[name])
                client.create_work_pool(pool)


if __name__ == "__main__":
    main()
