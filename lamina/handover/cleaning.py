"""What nothing in the depot needs any more is found, and removed."""

import re
from collections.abc import Collection
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from lamina.artifacts import ArtifactRef
from lamina.handover.carrier import Carrier, Listed
from lamina.handover.link import Link
from lamina.store import MANIFEST

PARTS = "parts"
_ARTIFACT = re.compile(r"(?P<kind>[a-z][a-z0-9-]*)/(?P<digest>[0-9a-f]{64})/.+\Z")
_DAY_S = 86_400.0


class Found(BaseModel):
    """One artifact in the depot, or one half of a file (without a reference)."""

    model_config = ConfigDict(frozen=True)

    ref: ArtifactRef | None
    size_bytes: int
    used_s: float  # Unix time by the depot's own clock: when something of it was last written
    files: tuple[str, ...]

    @property
    def kind(self) -> str:
        """What it counts as."""
        return self.ref.kind if self.ref else PARTS


def look(link: Link) -> tuple[list[Found], float]:
    """All that lies in the depot but heads, and what time its clock says."""
    probe = f"{PARTS}/{uuid4().hex}"
    link.run(lambda carrier: carrier.write(probe, b"now"))
    listed = link.run(lambda carrier: carrier.listing(""))
    link.run(lambda carrier: carrier.remove(probe))
    now_s = max(one.written_s for one in listed if one.name == probe)
    groups: dict[str, list[Listed]] = {}
    for one in listed:
        if parts := _ARTIFACT.match(one.name):
            groups.setdefault(f"{parts['kind']}/{parts['digest']}", []).append(one)
        elif one.name.startswith(f"{PARTS}/") and one.name != probe:
            groups.setdefault(one.name, []).append(one)
    return [_found(name, files) for name, files in sorted(groups.items())], now_s


def _found(name: str, files: list[Listed]) -> Found:
    kind, _, digest = name.partition("/")
    return Found(
        ref=None if kind == PARTS else ArtifactRef(kind=kind, digest=digest),
        size_bytes=sum(one.size_bytes for one in files),
        used_s=max(one.written_s for one in files),
        files=tuple(one.name for one in files),
    )


def spent(found: Collection[Found], live: Collection[ArtifactRef], before_s: float) -> list[Found]:
    """What no name reaches, and nobody wrote to since: artifacts, and halves of a day ago."""
    return [
        one
        for one in found
        if one.used_s < (before_s if one.ref else before_s - _DAY_S) and one.ref not in live
    ]


def remove(link: Link, one: Found) -> bool:
    """Remove it, unless somebody wrote to it meanwhile; whether it is gone.

    The manifest goes first: what is without one is no artifact, and is sent anew by who needs it.
    """

    def take(carrier: Carrier) -> bool:
        folder = f"{one.ref.kind}/{one.ref.digest}" if one.ref else ""
        if folder and any(now.written_s > one.used_s for now in carrier.listing(folder)):
            return False
        for path in sorted(one.files, key=lambda path: not path.endswith(f"/{MANIFEST}")):
            carrier.remove(path)
        if folder:
            carrier.remove_folder(folder)
        return True

    return link.run(take)


def remove_artifact(link: Link, ref: ArtifactRef) -> None:
    """Remove an artifact, whatever lies of it."""
    folder = f"{ref.kind}/{ref.digest}"
    names = link.run(lambda carrier: carrier.names(folder))
    files = tuple(f"{folder}/{name}" for name in names)
    remove(link, Found(ref=ref, size_bytes=0, used_s=float("inf"), files=files))
