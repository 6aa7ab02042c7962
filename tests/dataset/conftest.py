"""A store of its own for each test, and one tokenizer for all."""

from pathlib import Path

import pytest
import sheets

from lamina.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer file that counts words."""
    return sheets.word_tokenizer(tmp_path_factory.mktemp("tokenizer"))
