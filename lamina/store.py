"""The content-addressed store: written aside, verified, published by one rename.

Layout under the root:

    <kind>/<digest>/...      the artifact's files, `manifest.json` written last
    keys/<stage key>.json    which artifact a stage made from which inputs
    locks/<stage key>        held with flock while the stage runs; a dead holder frees it
    verified/<digest>.json   sizes and times of the files when they were last hashed; its own time
                             says when the artifact was last used
    tmp/                     drafts; a crash leaves them here and nowhere else
"""

import errno
import fcntl
import json
import os
import platform
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamina import __version__
from lamina.artifacts import ArtifactRef, FileEntry, Manifest
from lamina.errors import DamagedError, NotFoundError, ResourceError
from lamina.fingerprint import canonical, file_digest, identity, stage_key, text_digest

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Stage:
    """A stage's name and the version that invalidates its earlier results when it is raised."""

    name: str
    version: int

    def key(self, inputs: Mapping[str, object]) -> str:
        """The key of this stage's result for these inputs."""
        return stage_key(self.name, self.version, inputs)


class Store:
    """Artifacts by content, and the memory of which stage made which."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    # -- reading ----------------------------------------------------------------------------------

    def path(self, ref: ArtifactRef) -> Path:
        """Folder of an artifact, whether or not it is there."""
        return self.root / ref.kind / ref.digest

    def open(self, ref: ArtifactRef) -> Path:
        """Folder of a whole artifact.

        Raises:
            NotFoundError: the artifact is not in the store.
            DamagedError: a file is missing, of another size, or of another content.

        """
        self._checked(ref)
        return self.path(ref)

    def manifest(self, ref: ArtifactRef) -> Manifest:
        """How the artifact was made.

        Raises:
            NotFoundError: no manifest stands for it.

        """
        path = self.path(ref) / MANIFEST
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except FileNotFoundError as missing:
            msg = f"artifact {ref} is not in the store {self.root}; run the stage that makes it"
            raise NotFoundError(msg) from missing
        except ValueError as broken:
            msg = f"the manifest of artifact {ref} cannot be read; run the stage that makes it"
            raise DamagedError(msg) from broken

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

    def recall(self, stage: Stage, inputs: Mapping[str, object]) -> ArtifactRef | None:
        """What the stage made of these inputs before, if the store still holds it, whole."""
        return self._recall(stage.key(inputs))

    def recall_manifest(self, stage: Stage, inputs: Mapping[str, object]) -> Manifest | None:
        """The manifest of what `recall` finds, read once."""
        ref = self._remembered(stage.key(inputs))
        try:
            return self._checked(ref) if ref else None
        except (NotFoundError, DamagedError):
            return None

    # -- writing ----------------------------------------------------------------------------------

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
        with self._locked(key):
            if not refresh and (ref := self._recall(key)):
                return ref
            started_s = time.time()
            with self._draft() as draft:
                facts = dict(make(draft))
                run = _provenance(started_s) | dict(run_notes or {})
                ref = self._publish(
                    draft, kind=kind, facts=facts, stage=stage, inputs=identity(inputs), run=run
                )
            self._remember(key, ref)
        return ref

    def adopt(self, stage: Stage, inputs: Mapping[str, object], ref: ArtifactRef) -> None:
        """Remember that these inputs give `ref`, which another store or process made."""
        self._remember(stage.key(inputs), ref)

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
        draft = self._folder("tmp") / f"receive-{ref.kind}-{ref.digest}"
        with self._locked(draft.name):
            if not self.holds(ref):
                whole, parts = draft / "whole", draft / "parts"
                with self._told_when_full():
                    for folder in (whole, parts):
                        folder.mkdir(parents=True, exist_ok=True)
                    fill(whole, parts)
                    _refuse_wrong_files(whole, told, ref)
                    write_durably(whole / MANIFEST, manifest)
                    self._place(whole, ref, told)
                shutil.rmtree(draft, ignore_errors=True)
        key = stage_key(told.stage, told.stage_version, told.inputs)
        if not self._recall(key):
            self._remember(key, ref)

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        parent = self._folder("tmp")
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=parent))
        draft.chmod(0o755)
        try:
            with self._told_when_full(), _in_use(draft):
                yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def _told_when_full(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOSPC:
                msg = f"the disk under {self.root} is full; free some space and run again"
                raise ResourceError(msg) from error
            raise

    def _publish(  # noqa: PLR0913 - the manifest's own parts
        self,
        draft: Path,
        *,
        kind: str,
        facts: Mapping[str, Any],
        stage: Stage,
        inputs: Mapping[str, Any],
        run: Mapping[str, Any],
    ) -> ArtifactRef:
        files = _entries(draft)
        ref = ArtifactRef(kind=kind, digest=_digest(files, facts))
        manifest = Manifest(
            kind=kind,
            digest=ref.digest,
            files=files,
            facts=dict(facts),
            stage=stage.name,
            stage_version=stage.version,
            inputs=dict(inputs),
            run=dict(run),
        )
        write_durably(draft / MANIFEST, manifest.model_dump_json(indent=2).encode())
        self._place(draft, ref, manifest)
        return ref

    def _place(self, draft: Path, ref: ArtifactRef, manifest: Manifest) -> None:
        """Make a whole draft the artifact, unless the store holds it."""
        target = self.path(ref)
        if not self.holds(ref):
            self._folder(ref.kind)
            shutil.rmtree(target, ignore_errors=True)
            draft.rename(target)
            _sync_folder(target.parent)
        self._note_verified(target, manifest)

    # -- keys and locks ---------------------------------------------------------------------------

    def _recall(self, key: str) -> ArtifactRef | None:
        ref = self._remembered(key)
        return ref if ref and self.holds(ref) else None

    def _remembered(self, key: str) -> ArtifactRef | None:
        try:
            return ArtifactRef.model_validate_json(
                (self.root / "keys" / f"{key}.json").read_bytes()
            )
        except (FileNotFoundError, ValueError):
            return None

    def _remember(self, key: str, ref: ArtifactRef) -> None:
        write_atomically(self._folder("keys") / f"{key}.json", ref.model_dump_json().encode())

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        with (self._folder("locks") / key).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # -- verification -----------------------------------------------------------------------------

    def _checked(self, ref: ArtifactRef) -> Manifest:
        manifest = self.manifest(ref)
        if problem := self._problem(self.path(ref), manifest):
            msg = f"artifact {ref} is damaged ({problem}); run the stage {manifest.stage} again"
            raise DamagedError(msg)
        return manifest

    def _problem(self, folder: Path, manifest: Manifest) -> str | None:
        """What is wrong with the files, or None.

        A file is hashed once; afterwards its size, modification time and inode vouch for it, so
        that looking up a 14 GB model costs a stat. `verify` hashes regardless.
        """
        try:
            stamps = _stamps(folder, manifest)
        except FileNotFoundError as missing:
            return f"{Path(str(missing.filename)).name} is missing"
        if stamps == self._verified(manifest):
            with suppress(OSError):  # a store that is only read here
                os.utime(self._stamp_file(manifest))
            return None
        if problem := _mismatch(folder, manifest):
            return problem
        self._note_verified(folder, manifest)
        return None

    def verify(self, ref: ArtifactRef) -> str | None:
        """Hash every file again; what is wrong, or None."""
        return _mismatch(self.path(ref), self.manifest(ref))

    def _verified(self, manifest: Manifest) -> dict[str, list[int]] | None:
        try:
            stamps: dict[str, list[int]] = json.loads(self._stamp_file(manifest).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return stamps

    def _note_verified(self, folder: Path, manifest: Manifest) -> None:
        self._folder("verified")
        stamps = canonical(_stamps(folder, manifest)).encode()
        write_atomically(self._stamp_file(manifest), stamps)

    def _stamp_file(self, manifest: Manifest) -> Path:
        return self.root / "verified" / f"{manifest.kind}-{manifest.digest}.json"

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as denied:
            msg = (
                f"cannot write to the store {self.root} ({denied.strerror}); "
                "choose a writable workspace with LAMINA_WORKSPACE"
            )
            raise ResourceError(msg) from denied
        return folder


def write_durably(path: Path, content: bytes) -> None:
    """Write a file and see it on the disk before returning."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file so that a reader sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def point(view: Path, target: Path) -> None:
    """Make `view` a symbolic link to `target`, swapped in one step.

    Raises:
        ResourceError: something that is no link stands there; it is left as it is.

    """
    if view.exists() and not view.is_symlink():
        msg = f"{view} is not one of Lamina's links; move it away, and run again"
        raise ResourceError(msg)
    view.parent.mkdir(parents=True, exist_ok=True)
    aside = view.with_name(f".{view.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    aside.symlink_to(os.path.relpath(target, view.parent.resolve()))
    aside.replace(view)


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    """Hold the folder with flock, so that nobody takes it for one that a crash left."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network volumes lock no folders; there its age speaks for it
            fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _digest(files: Mapping[str, FileEntry], facts: Mapping[str, Any]) -> str:
    """An artifact's identity: the content of its files, and its facts."""
    body = {"files": {name: entry.sha256 for name, entry in files.items()}, "facts": facts}
    return text_digest(canonical(body))


def received(ref: ArtifactRef, manifest: bytes) -> Manifest:
    """A manifest that came from elsewhere, if it is the one of this artifact.

    Raises:
        DamagedError: it is not.

    """
    try:
        told = Manifest.model_validate_json(manifest)
    except ValueError as broken:
        msg = f"the manifest that came for {ref} cannot be used; have it pushed again"
        raise DamagedError(msg) from broken
    if (told.kind, told.digest) != (ref.kind, ref.digest) or (
        _digest(told.files, told.facts) != ref.digest
    ):
        msg = f"the manifest that came for {ref} is that of something else; have it pushed again"
        raise DamagedError(msg)
    return told


def _refuse_wrong_files(folder: Path, manifest: Manifest, ref: ArtifactRef) -> None:
    """Remove what is not as the manifest says, and say so; see the rest on the disk."""
    for name in manifest.files:
        path = folder / name
        if problem := _mismatch(folder, manifest, [name]):
            path.unlink(missing_ok=True)
            msg = f"what came for {ref} is damaged ({problem}); have it pushed again"
            raise DamagedError(msg)
        path.chmod(0o644)
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _entries(draft: Path) -> dict[str, FileEntry]:
    entries = {}
    for path in sorted(path for path in draft.rglob("*") if path.is_file()):
        path.chmod(0o644)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        size = path.stat().st_size
        name = path.relative_to(draft).as_posix()
        entries[name] = FileEntry(sha256=file_digest(path), size_bytes=size)
    return entries


def _stamps(folder: Path, manifest: Manifest) -> dict[str, list[int]]:
    def stamp(name: str) -> list[int]:
        status = (folder / name).stat()
        return [status.st_size, status.st_mtime_ns, status.st_ino]

    return {name: stamp(name) for name in sorted(manifest.files)}


def _mismatch(folder: Path, manifest: Manifest, names: Iterable[str] | None = None) -> str | None:
    for name in manifest.files if names is None else names:
        entry, path = manifest.files[name], folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != entry.size_bytes or file_digest(path) != entry.sha256:
            return f"{name} has another content"
    return None


def _provenance(started_s: float) -> dict[str, Any]:
    return {
        "lamina": __version__,
        "python": platform.python_version(),
        "host": socket.gethostname(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started_s)),
        "seconds": round(time.time() - started_s, 3),
    }


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
