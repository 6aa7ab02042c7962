"""Starts a flow by becoming its process: the product does not import its orchestrator.

Without `PREFECT_API_URL` the flow brings a server of its own, which ends with it and keeps its
records inside the workspace; with it, the run appears on that server.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from lamina.settings import Settings
from lamina.workspace import Workspace


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
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        }
    if settings.base_model:
        chosen["LAMINA_BASE_MODEL"] = str(settings.base_model)
    if debug:
        chosen["LAMINA_DEBUG"] = "1"
    # What the command line said about the workspace and the base wins over the environment.
    return {**chosen, **given} | {
        name: value for name, value in chosen.items() if name.startswith("LAMINA_")
    }


def run_flow(
    name: str, order: Mapping[str, object], settings: Settings, *, debug: bool = False
) -> NoReturn:
    """Become the flow `name`, with the parameter model's values; its exit code is the command's.

    The process is replaced, so that a signal to the command reaches the flow.
    """
    environment = flow_environment(settings, os.environ, debug=debug)
    if home := environment.get("PREFECT_HOME"):
        Path(home).mkdir(parents=True, exist_ok=True)  # its database does not make folders
    sys.stdout.flush()
    command = [sys.executable, "-m", "flows", name, json.dumps(order)]
    os.execve(sys.executable, command, environment)  # noqa: S606 - the flow takes over
