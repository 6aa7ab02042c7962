"""Models of each family with random weights, and the GGUF files that llama.cpp's script makes."""

from pathlib import Path

import pytest
import tiny_models

from lamina import settings
from lamina.progress import Silent
from lamina.stages.pod import Pod
from lamina.workspace import Workspace


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tiny_models.Pair]:
    """By family: the Hugging Face folder, and the same model as GGUF in float32."""
    return tiny_models.build(tmp_path_factory.mktemp("families"))


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    """An empty workspace."""
    chosen = settings.load(workspace=tmp_path / "ws", n_threads=1)
    return Pod(chosen, Workspace(chosen).make(), Silent())
