from pathlib import Path

import miniature_base
import pytest

from lamina.store import Store


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A miniature base in Hugging Face form."""
    return miniature_base.build(tmp_path_factory.mktemp("models") / "miniature")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")
