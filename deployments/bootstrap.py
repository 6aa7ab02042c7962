"""Makes what must stand on the Prefect server before `prefect deploy`.

Work pools, limits, block types and documents, automations. Idempotent: what is there already is
left as it is. `--dry-run` prints what would be made.
"""

import argparse

from automations import automations
from documents import block_types, documents
from pools import limits, pools
from prefect.client.orchestration import get_client


def main() -> None:
    """Print a line for each thing that is made."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--dry-run", action="store_true", help="only say what would be made")
    dry_run = flags.parse_args().dry_run
    with get_client(sync_client=True) as client:
        for differences in (pools, limits, block_types, documents, automations):
            for change in differences(client):
                print(f"{'would make' if dry_run else 'made'} {change.what}")
                if not dry_run:
                    change.make()


if __name__ == "__main__":
    main()
