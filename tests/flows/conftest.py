"""A real Prefect server for the session, and a store and result folder of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    with (
        prefect_test_harness(server_startup_timeout=300),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.fixture
def pod(prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The workspace of a pod that the test has for itself."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_RESULTS_LOCAL_STORAGE_PATH,
        temporary_settings,
    )

    del prefect_server
    root = tmp_path / "workspace"
    monkeypatch.setenv("LAMINA_WORKSPACE", str(root))
    results = root / "store" / "results"
    # For the processes that a test starts: the same server, the same results.
    monkeypatch.setenv("PREFECT_API_URL", PREFECT_API_URL.value())
    monkeypatch.setenv("PREFECT_RESULTS_LOCAL_STORAGE_PATH", str(results))
    monkeypatch.chdir(tmp_path)
    with temporary_settings({PREFECT_RESULTS_LOCAL_STORAGE_PATH: results}):
        yield root
