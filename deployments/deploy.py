"""Deploys all of `prefect.yaml` as of this commit, and leaves off what a person switched off.

`prefect deploy --all` alone switches paused deployments, inactive schedules and disabled triggers
on again. Here they are written down as off before it reads them, so that they are on at no time.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound

from lamina.version import code_version

HOME = Path(__file__).parents[1]


def main() -> int:
    """The exit code of `prefect deploy`."""
    wanted = yaml.safe_load((HOME / "prefect.yaml").read_text(encoding="utf-8"))
    with get_client(sync_client=True) as client:
        for one in wanted["deployments"]:
            one["version"] = code_version()
            _leave_off(client, one)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump(wanted, file, sort_keys=False)
        file.flush()
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        return subprocess.run(
            [*command, "--prefect-file", file.name], check=False, cwd=HOME
        ).returncode


def _leave_off(client: SyncPrefectClient, wanted: dict[str, Any]) -> None:
    """Mark what is off on the server."""
    flow = _flow_name(wanted["entrypoint"])
    try:
        there = client.read_deployment_by_name(f"{flow}/{wanted['name']}")
    except ObjectNotFound:
        return
    if there.paused:
        wanted["paused"] = True
    off = {one.slug for one in there.schedules if not one.active}
    for schedule in wanted.get("schedules", []):
        if schedule["slug"] in off:
            schedule["active"] = False
    for trigger in wanted.get("triggers", []):
        found = client.read_automations_by_name(trigger["name"])
        if found and not any(one.enabled for one in found):
            trigger["enabled"] = False


def _flow_name(entrypoint: str) -> str:
    """`flows/train_layers.py:train_layers` holds the flow `train-layers`."""
    return entrypoint.rpartition(":")[2].replace("_", "-")


if __name__ == "__main__":
    sys.exit(main())
