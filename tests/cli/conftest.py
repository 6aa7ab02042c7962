"""A command line in an empty folder, and what lies in it."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import Lamina, Shell, is_setting

from lamina.demo.handbooks import write_handbooks


@pytest.fixture
def lamina(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lamina:
    for name in filter(is_setting, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("LAMINA_BASE_MODEL", "tiny")
    monkeypatch.chdir(tmp_path)
    started: list[tuple[str, Any]] = []
    monkeypatch.setattr(
        "lamina.orchestrate.run_flow", lambda name, order, *_, **__: started.append((name, order))
    )
    return Lamina(tmp_path, started)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def handbooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handbooks")
    write_handbooks(folder / "raw", folder / "questions")
    return folder / "raw"


@pytest.fixture
def with_handbooks(lamina: Lamina, handbooks: Path) -> Lamina:
    for layer in ("Marlow_Leasing", "Ostrava_Goodwill", "Kestrel_Inventory"):
        shutil.copytree(handbooks / layer, lamina.workspace / "data" / "raw_pdfs" / layer)
    return lamina
