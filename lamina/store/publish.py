"""A draft becomes an artifact: its files hashed and on the disk, its manifest last, one rename."""

import platform
import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamina import __version__
from lamina.artifacts import FileEntry, Manifest
from lamina.errors import DamagedError, NotFoundError
from lamina.fingerprint import canonical, file_digest, text_digest
from lamina.store.durable import see_on_disk, write_durably
from lamina.store.layout import MANIFEST, Layout
from lamina.store.lookup import Lookup, Stage


def content_digest(files: Mapping[str, FileEntry], facts: Mapping[str, Any]) -> str:
    """An artifact's identity: the content of its files, and its facts."""
    body = {"files": {name: entry.sha256 for name, entry in files.items()}, "facts": facts}
    return text_digest(canonical(body))


def sealed(  # noqa: PLR0913 - the manifest's own parts
    draft: Path,
    *,
    kind: str,
    facts: Mapping[str, Any],
    stage: Stage,
    inputs: Mapping[str, Any],
    run: Mapping[str, Any],
) -> Manifest:
    """The manifest of what lies in a draft, written into it."""
    files = _entries(draft)
    manifest = Manifest(
        kind=kind,
        digest=content_digest(files, facts),
        files=files,
        facts=dict(facts),
        stage=stage.name,
        stage_version=stage.version,
        inputs=dict(inputs),
        run=dict(run),
    )
    write_durably(draft / MANIFEST, manifest.model_dump_json(indent=2).encode())
    return manifest


def place(draft: Path, manifest: Manifest, layout: Layout, lookup: Lookup) -> None:
    """Make a sealed draft the artifact, unless the store holds it."""
    target = layout.path(manifest.ref)
    try:
        lookup.whole(manifest.ref)
    except (NotFoundError, DamagedError):
        layout.folder(manifest.kind)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
        see_on_disk(target.parent)
    lookup.vouch(manifest)


def provenance(started_s: float) -> dict[str, Any]:
    """Where, when and by what an artifact is made, at the end of making it."""
    return {
        "lamina": __version__,
        "python": platform.python_version(),
        "host": socket.gethostname(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started_s)),
        "seconds": round(time.time() - started_s, 3),
    }


def _entries(draft: Path) -> dict[str, FileEntry]:
    entries = {}
    for path in sorted(path for path in draft.rglob("*") if path.is_file()):
        path.chmod(0o644)
        see_on_disk(path)
        name = path.relative_to(draft).as_posix()
        entries[name] = FileEntry(sha256=file_digest(path), size_bytes=path.stat().st_size)
    return entries
