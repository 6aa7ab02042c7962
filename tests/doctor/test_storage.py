"""The disk, and whether it can be written."""

import os
from pathlib import Path

import pytest

from lamina.doctor import storage

GIB = 2**30


@pytest.mark.parametrize(
    ("free_bytes", "base_bytes", "level"),
    [(GIB // 4, 0, "problem"), (GIB, 14 * GIB, "warning"), (36 * GIB, 14 * GIB, "ok")],
)
def test_the_disk_must_hold_what_the_base_makes(
    free_bytes: int, base_bytes: int, level: str
) -> None:
    assert storage.disk(free_bytes, base_bytes).level == level


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_workspace_without_permission_is_a_problem(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    found = storage.examine_storage(tmp_path / "workspace", tmp_path / "base")
    tmp_path.chmod(0o700)

    assert found[0].level == "problem"


def test_a_workspace_under_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    found = storage.examine_storage(tmp_path / "file" / "workspace", tmp_path / "base")

    assert found[0].level == "problem"
    assert "LAMINA_WORKSPACE" in found[0].remedy
