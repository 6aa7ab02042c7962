"""Where no Prefect server is named, a flow has one of its own; if that cannot be, it says why."""

import os
import subprocess
import sys
from pathlib import Path


def test_a_server_that_cannot_start_is_told_at_once(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAMINA_", "PREFECT_"))}
    environment = {
        **kept,
        "DO_NOT_TRACK": "1",
        "LAMINA_WORKSPACE": str(tmp_path),
        "PREFECT_API_DATABASE_CONNECTION_URL": "sqlite+aiosqlite:////proc/no.db",
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PYTHONWARNINGS": "ignore",
    }

    done = subprocess.run(
        [sys.executable, "-m", "flows", "publish_layers", "{}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 7, done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("error: Prefect's server for this run cannot start (")
    assert "unable to open database file" in line


def test_a_disk_without_room_for_its_records_is_told_before_it_is_started(small_disk: Path) -> None:
    begin = (
        "from lamina.settings import load; from lamina.orchestrate import run_flow\n"
        "run_flow('qa_layers', {}, load())"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LAMINA_", "PREFECT_"))}

    done = subprocess.run(
        [sys.executable, "-c", begin],
        env=kept | {"LAMINA_WORKSPACE": str(small_disk / "workspace")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    folder = small_disk / "workspace/store/prefect"
    assert f"ResourceError: the disk under {folder} is full" in done.stderr
