"""Finding what a store holds: by reference, by the stage that made it, whole or not at all."""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lamina.artifacts import ArtifactRef, Manifest
from lamina.errors import DamagedError, NotFoundError
from lamina.fingerprint import canonical, file_digest, stage_key
from lamina.store.durable import write_atomically
from lamina.store.layout import MANIFEST, Layout


@dataclass(frozen=True)
class Stage:
    """A stage's name and the version that invalidates its earlier results when it is raised."""

    name: str
    version: int

    def key(self, inputs: Mapping[str, object]) -> str:
        """The key of this stage's result for these inputs."""
        return stage_key(self.name, self.version, inputs)


class Lookup:
    """What is there.

    A file is hashed once; afterwards its size, modification time and inode vouch for it, so that
    looking up a 14 GB model costs a stat. `mismatch` hashes regardless.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def manifest(self, ref: ArtifactRef) -> Manifest:
        """The manifest that stands, whatever became of the files."""
        path = self._layout.path(ref) / MANIFEST
        try:
            manifest = Manifest.model_validate_json(path.read_bytes())
        except FileNotFoundError as missing:
            root = self._layout.root
            msg = f"artifact {ref} is not in the store {root}; run the stage that makes it"
            raise NotFoundError(msg) from missing
        except ValueError as broken:
            msg = f"the manifest of artifact {ref} cannot be read; run the stage that makes it"
            raise DamagedError(msg) from broken
        if (manifest.kind, manifest.digest) != (ref.kind, ref.digest):
            msg = f"the manifest of artifact {ref} is another one's; run the stage that makes it"
            raise DamagedError(msg)
        return manifest

    def whole(self, ref: ArtifactRef) -> Manifest:
        """The manifest of an artifact whose files are all as it says."""
        manifest = self.manifest(ref)
        if problem := self._problem(manifest):
            msg = f"artifact {ref} is damaged ({problem}); run the stage {manifest.stage} again"
            raise DamagedError(msg)
        return manifest

    def remembered(self, key: str) -> Manifest | None:
        """What a stage made under this key, if it is still there, whole."""
        try:
            ref = ArtifactRef.model_validate_json(self._layout.key_file(key).read_bytes())
            return self.whole(ref)
        except (FileNotFoundError, ValueError, NotFoundError, DamagedError):
            return None

    def remember(self, key: str, ref: ArtifactRef) -> None:
        """Note what a stage made."""
        self._layout.folder("keys")
        write_atomically(self._layout.key_file(key), ref.model_dump_json().encode())

    def vouch(self, manifest: Manifest) -> None:
        """Note that the artifact's files, as they are now, were hashed."""
        self._layout.folder("verified")
        stamps = canonical(_stamps(self._layout.path(manifest.ref), manifest)).encode()
        write_atomically(self._layout.stamp_file(manifest.ref), stamps)

    def _problem(self, manifest: Manifest) -> str | None:
        """What is wrong with the files, or None."""
        folder = self._layout.path(manifest.ref)
        try:
            stamps = _stamps(folder, manifest)
        except FileNotFoundError as missing:
            return f"{Path(str(missing.filename)).name} is missing"
        if stamps == self._vouched(manifest):
            with suppress(OSError):  # a store that is only read here
                os.utime(self._layout.stamp_file(manifest.ref))
            return None
        if problem := mismatch(folder, manifest):
            return problem
        self.vouch(manifest)
        return None

    def _vouched(self, manifest: Manifest) -> object:
        try:
            return json.loads(self._layout.stamp_file(manifest.ref).read_bytes())
        except (FileNotFoundError, ValueError):
            return None


def _stamps(folder: Path, manifest: Manifest) -> dict[str, list[int]]:
    def stamp(name: str) -> list[int]:
        status = (folder / name).stat()
        return [status.st_size, status.st_mtime_ns, status.st_ino]

    return {name: stamp(name) for name in sorted(manifest.files)}


def mismatch(folder: Path, manifest: Manifest, names: Iterable[str] | None = None) -> str | None:
    """Hash the files, all or these; the first that is not as the manifest says, or None."""
    for name in manifest.files if names is None else names:
        entry, path = manifest.files[name], folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != entry.size_bytes or file_digest(path) != entry.sha256:
            return f"{name} has another content"
    return None
