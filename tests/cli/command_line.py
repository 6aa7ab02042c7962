"""The command line in a folder of its own: inside this process, and as a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from lamina.cli import app

ROOT = Path(__file__).parents[2]
LAMINA = [sys.executable, "-m", "lamina"]
NAMES = ("MODEL_PATH", "PDF_ARCHIVE_PATH", "N_CTX", "N_THREADS", "TTYD_PORT", "COLUMNS")


class Lamina:
    """Runs a command in this process; `started` has the flows that it would have started."""

    def __init__(self, folder: Path, started: list[tuple[str, Any]]) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self.started = started

    def __call__(self, *words: str, **environment: str) -> Result:
        return CliRunner().invoke(app, words, env=environment, prog_name="lamina")


class Shell:
    """Runs a command as a process, with nothing of the caller's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not is_setting(name)}
        self.environment = {**kept, "LAMINA_BASE_MODEL": "tiny", "PYTHONPATH": str(ROOT)}

    def __call__(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*LAMINA, *words],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )


def is_setting(name: str) -> bool:
    """Whether a variable would tell the command something."""
    return name.startswith(("LAMINA_", "PREFECT_")) or name in NAMES


def refuses(result: "Result | subprocess.CompletedProcess[str]", said: str) -> None:
    """It failed with one line on standard error that matches."""
    code = result.exit_code if isinstance(result, Result) else result.returncode
    assert code not in {0, -11, -6}, result.stdout
    assert "Traceback" not in result.stderr
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert re.search(said, line), line
