"""The store as the stages see it."""

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef, Manifest
from lamina.errors import DamagedError, NotFoundError
from lamina.fingerprint import identity, stage_key
from lamina.store.durable import write_durably
from lamina.store.layout import MANIFEST, Layout
from lamina.store.lookup import Lookup, Stage
from lamina.store.publish import place, provenance, sealed
from lamina.store.receive import received, refuse_wrong_files


class Store:
    """Artifacts by content, and the memory of which stage made which."""

    def __init__(self, root: Path) -> None:
        self._layout = Layout(root)
        self._lookup = Lookup(self._layout)
        self.root = self._layout.root

    def path(self, ref: ArtifactRef) -> Path:
        """Folder of an artifact, whether or not it is there."""
        return self._layout.path(ref)

    def open(self, ref: ArtifactRef) -> Path:
        """Folder of a whole artifact.

        Raises:
            NotFoundError: the artifact is not in the store.
            DamagedError: a file is missing, of another size, or of another content.

        """
        self._lookup.whole(ref)
        return self.path(ref)

    def manifest(self, ref: ArtifactRef) -> Manifest:
        """How the artifact was made.

        Raises:
            NotFoundError: no manifest stands for it.

        """
        return self._lookup.manifest(ref)

    def holding(self, path: Path) -> ArtifactRef | None:
        """The artifact in which a path ends, links followed; None where it ends elsewhere."""
        try:
            kind, digest, *_ = path.resolve().relative_to(self.root.resolve()).parts
            return ArtifactRef(kind=kind, digest=digest)
        except ValueError:
            return None

    def holds(self, ref: ArtifactRef) -> bool:
        """Whether the artifact is here, whole."""
        try:
            self.open(ref)
        except (NotFoundError, DamagedError):
            return False
        return True

    def locked(self, key: str) -> AbstractContextManager[None]:
        """Alone with this key, among all processes."""
        return self._layout.locked(key)

    def recall(self, stage: Stage, inputs: Mapping[str, object]) -> ArtifactRef | None:
        """What the stage made of these inputs before, if the store still holds it, whole."""
        manifest = self.recall_manifest(stage, inputs)
        return manifest.ref if manifest else None

    def recall_manifest(self, stage: Stage, inputs: Mapping[str, object]) -> Manifest | None:
        """The manifest of what `recall` finds, read once."""
        return self._lookup.remembered(stage.key(inputs))

    def once(  # noqa: PLR0913 - keyword-only past the four that say what is made
        self,
        kind: str,
        stage: Stage,
        inputs: Mapping[str, object],
        make: Callable[[Path], Mapping[str, Any]],
        *,
        refresh: bool = False,
        run_notes: Mapping[str, Any] | None = None,
    ) -> ArtifactRef:
        """The artifact for these inputs, made now only if the store does not hold it.

        `make` fills the empty folder it is given and returns the artifact's facts (JSON values that
        are true of the content). Two processes that want the same key do the work once: the second
        waits and gets the first one's result; if the first is killed, the second does the work.
        `run_notes`, which `make` may fill, tell how this copy was made (speed, memory) and are no
        part of the artifact's identity.
        """
        key = stage.key(inputs)
        with self._layout.locked(key):
            if not refresh and (known := self._lookup.remembered(key)):
                return known.ref
            started_s = time.time()
            with self._layout.draft() as draft:
                facts = dict(make(draft))
                run = provenance(started_s) | dict(run_notes or {})
                made = sealed(
                    draft, kind=kind, facts=facts, stage=stage, inputs=identity(inputs), run=run
                )
                place(draft, made, self._layout, self._lookup)
            self._lookup.remember(key, made.ref)
        return made.ref

    def receive(
        self, ref: ArtifactRef, manifest: bytes, fill: Callable[[Path, Path], None]
    ) -> None:
        """Take in an artifact that another store made, under the manifest it has there.

        `fill` puts the files into its first folder; what it keeps in the second one, such as halves
        of files, it finds again when it is called for the same artifact after a break. Nothing is
        visible until every file is what the manifest says. What the other store knows of the stage
        is remembered, so that the stage need not run here.

        Raises:
            DamagedError: the manifest is not the one of `ref`, or a file is not what it says.

        """
        told = received(ref, manifest)
        draft = self._layout.folder("tmp") / f"receive-{ref.kind}-{ref.digest}"
        with self._layout.locked(draft.name):
            if not self.holds(ref):
                whole, parts = draft / "whole", draft / "parts"
                with self._layout.told_when_full():
                    for folder in (whole, parts):
                        folder.mkdir(parents=True, exist_ok=True)
                    fill(whole, parts)
                    refuse_wrong_files(whole, told)
                    write_durably(whole / MANIFEST, manifest)
                    place(whole, told, self._layout, self._lookup)
                shutil.rmtree(draft, ignore_errors=True)
        key = stage_key(told.stage, told.stage_version, told.inputs)
        if not self._lookup.remembered(key):
            self._lookup.remember(key, ref)
