"""The paths people know are links into the store."""

from pathlib import Path

import pytest

from lamina.errors import ResourceError
from lamina.store import point


def test_a_view_is_swapped_in_one_step(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text(name)
    view = tmp_path / "views" / "layer"

    point(view, tmp_path / "old")
    point(view, tmp_path / "new")

    assert (view / "x").read_text() == "new"
    assert not view.readlink().is_absolute()


def test_a_view_never_replaces_what_is_not_a_link(tmp_path: Path) -> None:
    view = tmp_path / "layer"
    view.mkdir()

    with pytest.raises(ResourceError, match="is not one of Lamina's links"):
        point(view, tmp_path / "target")
