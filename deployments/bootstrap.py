"""Makes what must stand on the Prefect server before `prefect deploy`.

Work pools, limits, block types and documents, automations; what has another name now goes.
Idempotent: what is there already is left as it is. `--dry-run` prints what would be made.
"""

import argparse
from functools import partial

from automations import automations
from documents import block_types, documents
from pools import limits, pools
from prefect.client.orchestration import get_client
from retired import retired


def main() -> None:
    """Print a line for each thing that is made."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--dry-run", action="store_true", help="only say what would be made")
    flags.add_argument(
        "--embedded-base",
        action="store_true",
        help="training profiles for the embedded base instead of 7B, where there are none yet",
    )
    given = flags.parse_args()
    dry_run = given.dry_run
    profiles = partial(documents, embedded_base=given.embedded_base)
    with get_client(sync_client=True) as client:
        for differences in (pools, limits, block_types, profiles, automations, retired):
            for change in differences(client):
                print(f"{'would make' if dry_run else 'made'} {change.what}")
                if not dry_run:
                    change.make()


if __name__ == "__main__":
    main()
