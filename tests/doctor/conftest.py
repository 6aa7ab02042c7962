"""A pod that has nothing yet, on a port that is free."""

import socket
from pathlib import Path

import pytest

from lamina.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return load(workspace=tmp_path / "workspace", base_model=tmp_path / "no_base", port=port)
