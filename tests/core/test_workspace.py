"""The layers' folder has two names, in whatever order somebody makes the second one."""

import shutil
from pathlib import Path

import pytest

from lamina import settings
from lamina.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


def opened(root: Path) -> Workspace:
    return Workspace(settings.load(workspace=root))


def artifact(work: Workspace, kind: str, letter: str) -> Path:
    folder = work.store.root / kind / (letter * 64)
    folder.mkdir(parents=True)
    return folder


def test_peft_is_the_layers_folder_under_a_shorter_name(root: Path) -> None:
    work = opened(root).make()

    assert (root / "peft").resolve() == work.adapters_peft.resolve()


def test_a_link_made_before_the_workspace_stays(root: Path) -> None:
    (root / "output" / "peft").mkdir(parents=True)
    (root / "peft").symlink_to(root / "output" / "peft")

    opened(root).make()

    assert (root / "peft").readlink() == root / "output" / "peft"


def test_a_link_made_afterwards_lands_inside_and_is_no_layer(root: Path) -> None:
    work = opened(root).make()
    (root / "peft" / "peft").symlink_to(root / "output" / "peft")  # as ln -s puts it there

    assert opened(root).make().trained() == {}
    assert sorted(path.name for path in work.adapters_peft.iterdir()) == ["peft"]


def test_an_older_workspaces_own_folder_of_links_becomes_that_link(root: Path) -> None:
    work = opened(root)
    (root / "peft").mkdir(parents=True)
    level, merged = artifact(work, "adapter", "a"), artifact(work, "merged", "b")
    (root / "peft" / "level1").symlink_to(level)
    (root / "peft" / "merged").symlink_to(merged)

    work.make()

    assert (root / "peft").is_symlink()
    assert (root / "peft" / "merged").resolve() == merged
    assert list(work.trained()) == ["level1"]


def test_a_folder_with_something_of_somebodys_own_stays_as_it_is(root: Path) -> None:
    (root / "peft" / "mine").mkdir(parents=True)

    opened(root).make()

    assert (root / "peft" / "mine").is_dir()
    assert not (root / "peft").is_symlink()


def test_only_links_to_trained_layers_count_as_layers(root: Path) -> None:
    work = opened(root).make()
    (work.adapters_peft / "Leases").symlink_to(artifact(work, "adapter", "a"))
    work.merged.symlink_to(artifact(work, "merged", "b"))
    shutil.copytree(artifact(work, "adapter", "c"), work.adapters_peft / "Carried")
    (work.adapters_peft / "notes.txt").touch()

    assert list(work.trained()) == ["Leases"]
