"""The command line: one subcommand a stage, named like it, and the flows that chain them.

Importing this package loads Typer only; `lamina --help` must stay instant.
"""

from lamina import interruption
from lamina.cli import (
    base_commands,
    conformance_command,
    flow_commands,
    handover_commands,
    landing_commands,
    model_commands,
    parity_command,
    pod_commands,
    review_commands,
    stage_commands,
    status_command,
    study_command,
    upkeep_commands,
    values_commands,
    withdraw_command,
)
from lamina.cli.front import app

__all__ = [
    "app",
    "base_commands",
    "conformance_command",
    "flow_commands",
    "handover_commands",
    "landing_commands",
    "main",
    "model_commands",
    "parity_command",
    "pod_commands",
    "review_commands",
    "stage_commands",
    "status_command",
    "study_command",
    "upkeep_commands",
    "values_commands",
    "withdraw_command",
]


def main() -> None:
    """Entry point; whatever ends the command is told by `front`."""
    interruption.listen()
    app()
