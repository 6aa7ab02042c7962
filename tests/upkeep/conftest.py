"""A pod whose store is empty."""

from pathlib import Path

import pytest
from pods import pod_on

from lamina.stages.pod import Pod


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return pod_on(tmp_path / "work", "tiny")
