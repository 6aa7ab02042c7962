"""Starts a flow by becoming its process: the product does not import its orchestrator.

Without `PREFECT_API_URL` the flow brings a server of its own where there is work to do, which ends
with it and keeps its records inside the workspace; with it, the run appears on that server.
"""

import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from lamina.errors import full_disk
from lamina.settings import Settings
from lamina.workspace import Workspace

OWN_SERVER = "LAMINA_OWN_PREFECT_SERVER"  # set in a flow's process whose server is its own
RECORDS_BYTES = 8 << 20  # what the server's database takes at once


def flow_environment(
    settings: Settings, given: Mapping[str, str], *, debug: bool = False
) -> dict[str, str]:
    """The environment for a flow's process; what the caller has set wins."""
    store = Workspace(settings).store.root
    chosen = {
        "DO_NOT_TRACK": "1",
        **({} if debug else {"PYTHONWARNINGS": "ignore"}),
        "LAMINA_WORKSPACE": str(settings.workspace.expanduser().absolute()),
        "PREFECT_LOGGING_LEVEL": "INFO" if debug else "CRITICAL",
        "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(store / "results"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    if not given.get("PREFECT_API_URL"):
        chosen |= {
            "PREFECT_HOME": str(store / "prefect"),
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
            "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",  # it holds no documents
            "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",  # and no automations
        }
    if settings.base_model:
        chosen["LAMINA_BASE_MODEL"] = str(settings.base_model)
    if settings.train_workers:
        chosen["LAMINA_TRAIN_WORKERS"] = str(settings.train_workers)
    if debug:
        chosen["LAMINA_DEBUG"] = "1"
    # What the command line says about workspace, base and workers wins over the environment.
    return {**chosen, **given} | {
        name: value for name, value in chosen.items() if name.startswith("LAMINA_")
    }


def run_flow(
    name: str,
    order: Mapping[str, object],
    settings: Settings,
    *,
    debug: bool = False,
    as_json: bool = False,
) -> NoReturn:
    """Become the flow `name`, with the parameter model's values; its exit code is the command's.

    The process is replaced, so that a signal to the command reaches the flow; one that comes in
    between waits until the flow listens.

    Raises:
        ResourceError: Prefect's records cannot be written.

    """
    environment = flow_environment(settings, os.environ, debug=debug)
    if home := environment.get("PREFECT_HOME"):
        _make_room(Path(home))
    sys.stdout.flush()
    command = [sys.executable, "-m", "flows", name, json.dumps(order)]
    command += ["--json"] if as_json else []
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    os.execve(sys.executable, command, environment)  # noqa: S606 - the flow takes over


def _make_room(home: Path) -> None:
    """The folder of the records, and proof that they can be written there."""
    home.mkdir(parents=True, exist_ok=True)  # the database does not make folders
    with tempfile.TemporaryFile(dir=home) as probe:
        try:
            os.posix_fallocate(probe.fileno(), 0, RECORDS_BYTES)
        except OSError as full:
            raise full_disk(home) from full
