"""What a container may use of its machine: the limits of control groups, versions 1 and 2.

A container sees all processors and all memory of its host. Its limits stand in files of its control
group and of those around it; the narrowest one counts.
"""

from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_NONE_FROM = 1 << 60  # version 1 writes such a number where there is no limit


class ControlGroups:
    """The groups that this process is in; for tests, as another root and another file say."""

    def __init__(self, root: Path = _ROOT, own: Path = _OWN) -> None:
        self._root = root
        self._paths = dict(_entries(own))

    def cpus(self) -> float | None:
        """Processors' worth of time; None where nothing limits it."""
        found = [*self._cpus_v2(), *self._cpus_v1()]
        return min(found, default=None)

    def free_bytes(self) -> int | None:
        """Memory that may still be taken, files in the cache counted as free; None: no limit."""
        found = [*self._memory_v2(), *self._memory_v1()]
        return max(min(found), 0) if found else None

    def _cpus_v2(self) -> Iterator[float]:
        for group in self._groups("", self._root):
            quota, _, period = _read(group / "cpu.max").partition(" ")
            if quota.isdecimal() and period.isdecimal() and int(period):
                yield int(quota) / int(period)

    def _cpus_v1(self) -> Iterator[float]:
        for group in self._groups("cpu"):
            quota, period = _read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us")
            if quota.isdecimal() and period.isdecimal() and int(period):  # -1: no limit
                yield int(quota) / int(period)

    def _memory_v2(self) -> Iterator[int]:
        for group in self._groups("", self._root):
            limit, used = _read(group / "memory.max"), _read(group / "memory.current")
            if limit.isdecimal() and used.isdecimal():
                yield int(limit) - int(used) + _cached(group / "memory.stat", "")

    def _memory_v1(self) -> Iterator[int]:
        for group in self._groups("memory"):
            limit = _read(group / "memory.limit_in_bytes")
            used = _read(group / "memory.usage_in_bytes")
            if limit.isdecimal() and used.isdecimal() and int(limit) < _NONE_FROM:
                yield int(limit) - int(used) + _cached(group / "memory.stat", "total_")

    def _groups(self, controller: str, mount: Path | None = None) -> Iterator[Path]:
        """Folders of the own group and of those around it.

        A container may be told the whole path of its group, and find only the group itself, on top.
        """
        path = self._paths.get(controller)
        if path is None:
            return
        for top in (mount,) if mount else self._mounts(controller):
            own = top / path.lstrip("/")
            yield own
            yield from (group for group in own.parents if group.is_relative_to(top))

    def _mounts(self, controller: str) -> Iterator[Path]:
        """Where version 1 shows a controller: alone, or together with others (`cpu,cpuacct`)."""
        if self._root.is_dir():
            for folder in sorted(self._root.iterdir()):
                if controller in folder.name.split(","):
                    yield folder


def _entries(own: Path) -> Iterator[tuple[str, str]]:
    """Controllers and the group's path for each; "" is version 2's only one."""
    for line in _read(own).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        yield from ((controller, path) for controller in controllers.split(","))


def _cached(table: Path, prefix: str) -> int:
    """Bytes of files in a group's memory, which the kernel takes back when it needs room."""
    rows = dict(line.split(" ", 1) for line in _read(table).splitlines() if " " in line)
    found = (rows.get(f"{prefix}{kind}_file", "0") for kind in ("active", "inactive"))
    return sum(int(value) for value in found if value.isdecimal())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
