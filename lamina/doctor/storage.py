"""Workspace and disk."""

import os
import shutil
from pathlib import Path

from lamina.doctor.finding import Finding, ok, problem, warning

_GIB = 2**30
MIN_FREE_BYTES = _GIB // 2  # below this even reports and small layers fail
ROOM_FOR_MODELS = 2.5  # times the base: merged (1) + F16 (1) + Q4_K_M (0.3), and some air


def workspace(root: Path, *, exists: bool, writable: bool) -> Finding:
    """Whether the workspace can be written."""
    if not writable:
        return problem(
            "workspace",
            f"{root} cannot be written",
            "choose a writable workspace with LAMINA_WORKSPACE, or correct its permissions",
        )
    return ok("workspace", f"{root} {'is' if exists else 'can be created and'} writable")


def disk(free_bytes: int, base_bytes: int) -> Finding:
    """Whether the disk has room for what the stages write."""
    free, needed = free_bytes / _GIB, ROOM_FOR_MODELS * base_bytes / _GIB
    remedy = "free some space (`lamina gc` removes what nothing needs), or move the workspace"
    if free_bytes < MIN_FREE_BYTES:
        return problem("disk", f"only {free:.1f} GiB free", remedy)
    if free < needed:
        sentence = f"{free:.1f} GiB free, but merging and converting the base need {needed:.1f}"
        return warning("disk", sentence, remedy)
    return ok("disk", f"{free:.1f} GiB free")


def examine_storage(root: Path, base: Path) -> list[Finding]:
    """Probe and judge; nothing is created."""
    place = next(folder for folder in (root, *root.parents) if folder.exists())
    writable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    base_bytes = sum(path.stat().st_size for path in base.glob("*.safetensors"))
    return [
        workspace(root, exists=root.exists(), writable=writable),
        disk(shutil.disk_usage(place).free, base_bytes),
    ]
