"""What lies in a store: every artifact, when it was last used, and which others it mentions.

A manifest mentions an artifact by its digest: as an input, in a passport, in a table of facts. A
digest is found by its form, so a stage need not say here what it refers to.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.store import MANIFEST, Store

_DIGEST = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True)
class Item:
    """One artifact."""

    ref: ArtifactRef
    size_bytes: int
    used_s: float  # Unix time of the last use
    mentions: frozenset[str]  # digests; not all of them need be artifacts'


def inventory(store: Store, read_files_of: Collection[str] = ()) -> list[Item]:
    """Every artifact of the store; of the given kinds the files are read for mentions, too."""
    return [_item(store, ref, read_files_of) for ref in _refs(store.root)]


def _refs(root: Path) -> Iterator[ArtifactRef]:
    for folder in sorted(root.glob("*/*")):
        if len(folder.name) == 64 and folder.is_dir():  # noqa: PLR2004 - of a sha256
            try:
                yield ArtifactRef(kind=folder.parent.name, digest=folder.name)
            except ValueError:
                continue  # something else of that length


def _item(store: Store, ref: ArtifactRef, read_files_of: Collection[str]) -> Item:
    folder = store.path(ref)
    files = [path for path in folder.rglob("*") if path.is_file()]
    read = files if ref.kind in read_files_of else [folder / MANIFEST]
    return Item(
        ref=ref,
        size_bytes=sum(path.stat().st_size for path in files),
        used_s=last_used_s(store, ref),
        mentions=frozenset(_mentions(read)) - {ref.digest},
    )


def _mentions(files: Iterable[Path]) -> Iterator[str]:
    for path in files:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        yield from (digest.decode() for digest in _DIGEST.findall(content))


def last_used_s(store: Store, ref: ArtifactRef) -> float:
    """When the artifact was made or last opened."""
    marks = (
        store.path(ref) / MANIFEST,
        store.root / "verified" / f"{ref.kind}-{ref.digest}.json",
    )
    return max((mark.stat().st_mtime for mark in marks if mark.exists()), default=0.0)


def reachable(
    items: Iterable[Item], roots: Collection[ArtifactRef], companions: Collection[str] = ()
) -> set[ArtifactRef]:
    """The roots, all that they mention, all that those mention, and so on.

    `companions` are kinds that stay with what they are about: an artifact of them that mentions a
    reached one is reached.
    """
    known = {item.ref: item for item in items}
    by_digest: dict[str, list[ArtifactRef]] = {}
    about: dict[str, list[ArtifactRef]] = {}
    for item in known.values():
        by_digest.setdefault(item.ref.digest, []).append(item.ref)
        if item.ref.kind in companions:
            for digest in item.mentions:
                about.setdefault(digest, []).append(item.ref)
    found: set[ArtifactRef] = set()
    waiting = [ref for ref in roots if ref in known]
    while waiting:
        ref = waiting.pop()
        if ref in found:
            continue
        found.add(ref)
        waiting += about.get(ref.digest, [])
        for digest in known[ref].mentions:
            waiting += by_digest.get(digest, [])
    return found
