"""A pod whose store is empty."""

from pathlib import Path

import pytest

from lamina import settings
from lamina.progress import Silent
from lamina.stages.pod import Pod
from lamina.workspace import Workspace


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    chosen = settings.load(workspace=tmp_path / "work", base_model="tiny")
    return Pod(chosen, Workspace(chosen).make(), Silent())
