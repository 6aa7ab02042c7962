"""An empty workspace for each test."""

from pathlib import Path

import pytest

from lamina.settings import load
from lamina.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(load(workspace=tmp_path)).make()
