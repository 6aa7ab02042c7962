"""Removing what nothing needs. Safe beside a running flow: what is held or young stays."""

import shutil
import time
from collections.abc import Collection
from pathlib import Path
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.store import CELLS, PASSAGES, Store, is_held
from lamina.upkeep.cells import spent_cells, spent_passages
from lamina.upkeep.inventory import Item, inventory, last_used_s, reachable

_DAY_S = 86_400.0
LEFT_OVERS = "left over"  # halves and drafts that a crash left, and states of unfinished runs


class Tally(BaseModel):
    """How much of one kind."""

    count: int = 0
    size_bytes: int = 0

    def add(self, size_bytes: int) -> None:
        """One more."""
        self.count += 1
        self.size_bytes += size_bytes


class Collected(BaseModel):
    """What was removed, or would be."""

    model_config = ConfigDict(frozen=True)

    dry_run: bool
    removed: dict[str, Tally] = Field(description="by kind of artifact")
    kept: dict[str, Tally]

    @property
    def freed_bytes(self) -> int:
        """All that was removed."""
        return sum(tally.size_bytes for tally in self.removed.values())


def collect(  # noqa: PLR0913 - keyword-only but for the store
    store: Store,
    *,
    roots: Collection[ArtifactRef],
    alone: Collection[ArtifactRef],
    grace_s: float,
    read_files_of: Collection[str] = (),
    companions: Collection[str] = (),
    layers: Collection[str] = (),
    dry_run: bool = False,
) -> Collected:
    """Remove what no root reaches, is not kept `alone`, and was not used for `grace_s`.

    What was used lately is a root, too: a run that goes on may still want what it was made of.
    Cells go with their layers, what was made of passages with their documents; `layers` are
    contents that are in use outside the store.
    """
    began_s = time.time()
    items = inventory(store, read_files_of)
    young = {item.ref for item in items if item.used_s > began_s - grace_s}
    live = reachable(items, young | set(roots), companions) | set(alone) | _being_made(store)
    removed: dict[str, Tally] = {}
    kept: dict[str, Tally] = {}
    for item in items:
        # By the file system's own clock, both: it goes by the tick, and ours does not.
        needed = item.ref in live or last_used_s(store, item.ref) > item.used_s
        (kept if needed else removed).setdefault(item.ref.kind, Tally()).add(item.size_bytes)
        if not needed and not dry_run:
            _remove(store, item)
    named = {digest for item in items if item.ref in live for digest in item.mentions}
    for path in spent_cells(store, named | set(layers), began_s - grace_s):
        removed.setdefault(CELLS, Tally()).add(path.stat().st_size)
        if not dry_run:
            path.unlink(missing_ok=True)
    for path in spent_passages(store, named, began_s - grace_s):
        removed.setdefault(PASSAGES, Tally()).add(path.stat().st_size)
        if not dry_run:
            path.unlink(missing_ok=True)
    for path in _left_overs(store, began_s, grace_s):
        removed.setdefault(LEFT_OVERS, Tally()).add(_size(path))
        if not dry_run:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if not dry_run:
        _forget(store)
    return Collected(dry_run=dry_run, removed=removed, kept=kept)


def _remove(store: Store, item: Item) -> None:
    """Take it out of sight in one step, then delete it."""
    aside = store.root / "tmp" / f"gc-{uuid4().hex}"
    aside.parent.mkdir(parents=True, exist_ok=True)
    try:
        store.path(item.ref).rename(aside)
    except FileNotFoundError:
        return  # another collector was faster
    shutil.rmtree(aside, ignore_errors=True)


def _being_made(store: Store) -> set[ArtifactRef]:
    """What a stage that runs at this moment made before, and may be about to give again."""
    found = set()
    for lock in (store.root / "locks").glob("*"):
        key = store.root / "keys" / f"{lock.name}.json"
        if key.exists() and is_held(lock):
            found.add(ArtifactRef.model_validate_json(key.read_bytes()))
    return found


def _left_overs(store: Store, now_s: float, grace_s: float) -> list[Path]:
    """Drafts and halves of a day ago that nobody holds, and old states of unfinished runs."""
    locks = store.root / "locks"
    drafts = [
        path
        for path in (store.root / "tmp").glob("*")
        if _youngest_s(path) < now_s - _DAY_S
        and not is_held(path)
        and not ((locks / path.name).exists() and is_held(locks / path.name))
    ]
    states = [
        path
        for path in (store.root / "checkpoints").glob("*.pt")
        if path.stat().st_mtime < now_s - max(grace_s, _DAY_S)
        and not ((locks / path.stem).exists() and is_held(locks / path.stem))
    ]
    return [*drafts, *states]


def _youngest_s(folder: Path) -> float:
    """When something in it was last written."""
    return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))


def _size(path: Path) -> int:
    return sum(one.lstat().st_size for one in (path, *path.rglob("*")) if one.is_file())


def _forget(store: Store) -> None:
    """Drop what is remembered of artifacts that are gone."""
    for key in (store.root / "keys").glob("*.json"):
        try:
            ref = ArtifactRef.model_validate_json(key.read_bytes())
        except (ValueError, FileNotFoundError):
            continue
        if not store.path(ref).exists():
            key.unlink(missing_ok=True)
    for stamp in (store.root / "verified").glob("*.json"):
        kind, _, digest = stamp.stem.rpartition("-")
        if not (store.root / kind / digest).exists():
            stamp.unlink(missing_ok=True)
