"""The limits of control groups, as the files of both versions tell them."""

import os
from pathlib import Path

import pytest

from lamina.cgroups import ControlGroups
from lamina.settings import usable_cpus

GB = 1 << 30


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "cgroup"
    folder.mkdir()
    return folder


def groups(root: Path, *lines: str) -> ControlGroups:
    own = root.parent / "own"
    own.write_text("".join(f"{line}\n" for line in lines))
    return ControlGroups(root, own)


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


def test_a_quota_of_version_2_is_processors(root: Path) -> None:
    write(root / "pod", cpu__max="150000 100000")

    assert groups(root, "0::/pod").cpus() == 1.5


def test_the_narrowest_of_the_groups_around_counts(root: Path) -> None:
    write(root, cpu__max="800000 100000", memory__max=f"{8 * GB}", memory__current="0")
    write(root / "slice", cpu__max="200000 100000", memory__max="max", memory__current="0")
    write(root / "slice/pod", cpu__max="max 100000", memory__max=f"{9 * GB}", memory__current="0")
    found = groups(root, "0::/slice/pod")

    assert found.cpus() == 2
    assert found.free_bytes() == 8 * GB


def test_a_container_that_sees_only_its_own_group_has_its_limit(root: Path) -> None:
    write(root, cpu__max="100000 100000")

    assert groups(root, "0::/").cpus() == 1
    assert groups(root, "0::/docker/0123").cpus() == 1


def test_files_in_the_cache_count_as_free(root: Path) -> None:
    stat = f"anon {GB}\nactive_file {GB}\ninactive_file {2 * GB}"
    write(root / "pod", memory__max=f"{8 * GB}", memory__current=f"{4 * GB}", memory__stat=stat)

    assert groups(root, "0::/pod").free_bytes() == 7 * GB


def test_version_1_has_its_controllers_apart(root: Path) -> None:
    write(root / "cpu,cpuacct/pod", cpu__cfs_quota_us="250000", cpu__cfs_period_us="100000")
    stat = f"total_active_file 0\ntotal_inactive_file {GB}"
    write(
        root / "memory/pod",
        memory__limit_in_bytes=f"{4 * GB}",
        memory__usage_in_bytes=f"{3 * GB}",
        memory__stat=stat,
    )
    found = groups(root, "9:memory:/pod", "3:cpu,cpuacct:/pod", "0::/")

    assert found.cpus() == 2.5
    assert found.free_bytes() == 2 * GB


def test_without_limits_there_is_none(root: Path) -> None:
    write(root / "cpu", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    huge = "9223372036854771712"
    write(root / "memory", memory__limit_in_bytes=huge, memory__usage_in_bytes="1")
    write(root, cpu__max="max 100000", memory__max="max", memory__current="1")
    found = groups(root, "9:memory:/", "3:cpu:/", "0::/")

    assert found.cpus() is None
    assert found.free_bytes() is None
    assert groups(root / "nowhere").cpus() is None


@pytest.mark.parametrize(("quota", "threads"), [(0.5, 1), (1.9, 1), (None, 64), (200.0, 64)])
def test_threads_are_the_processors_that_may_be_used(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, threads: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)))
    monkeypatch.setattr(ControlGroups, "cpus", lambda _self: quota)

    assert usable_cpus() == threads
