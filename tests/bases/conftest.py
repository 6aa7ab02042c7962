"""Models of each family with random weights, and the GGUF files that llama.cpp's script makes."""

from pathlib import Path

import pytest
import tiny_models
from pods import pod_on

from lamina.stages.pod import Pod


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tiny_models.Pair]:
    """By family: the Hugging Face folder, and the same model as GGUF in float32."""
    return tiny_models.build(tmp_path_factory.mktemp("families"))


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """An empty workspace."""
    return pod_on(tmp_path / "ws")
