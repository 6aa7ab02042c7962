"""The command line: one subcommand a stage, named like it, and the flows that chain them.

Importing this package loads Typer only; `lamina --help` must stay instant.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from lamina.cli import (
    base_commands,
    flow_commands,
    handover_commands,
    landing_commands,
    model_commands,
    pod_commands,
    stage_commands,
    upkeep_commands,
)
from lamina.cli.shared import Choice, app
from lamina.errors import LaminaError

__all__ = [
    "app",
    "base_commands",
    "flow_commands",
    "handover_commands",
    "landing_commands",
    "main",
    "model_commands",
    "pod_commands",
    "stage_commands",
    "upkeep_commands",
]


def main() -> None:
    """Entry point: errors of the user's are one sentence, without a traceback."""
    try:
        app()
    except LaminaError as error:
        if Choice.debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


@app.callback()
def _options(
    workspace: Annotated[Path | None, typer.Option(help="instead of LAMINA_WORKSPACE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print results as JSON")] = False,
    debug: Annotated[bool, typer.Option(help="show tracebacks and Prefect's own log")] = False,
) -> None:
    Choice.workspace, Choice.as_json, Choice.debug = workspace, as_json, debug
