"""Where things lie in a store, and how a place in it is taken: by lock, by draft."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.errors import ResourceError
from lamina.store.locks import alone, in_use

MANIFEST = "manifest.json"


class Layout:
    """Places under the root of a store."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def path(self, ref: ArtifactRef) -> Path:
        """Folder of an artifact, whether or not it is there."""
        return self.root / ref.kind / ref.digest

    def key_file(self, key: str) -> Path:
        """Which artifact a stage made."""
        return self.root / "keys" / f"{key}.json"

    def stamp_file(self, ref: ArtifactRef) -> Path:
        """What the artifact's files looked like when they were hashed."""
        return self.root / "verified" / f"{ref.kind}-{ref.digest}.json"

    def folder(self, name: str) -> Path:
        """A folder under the root, made if need be.

        Raises:
            ResourceError: the store cannot be written.

        """
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

    def locked(self, key: str) -> AbstractContextManager[None]:
        """Alone with this key, among all processes."""
        return alone(self.folder("locks") / key)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder that is gone afterwards, unless it was moved to its place."""
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=self.folder("tmp")))
        draft.chmod(0o755)
        try:
            with self.told_when_full(), in_use(draft):
                yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    @contextmanager
    def told_when_full(self) -> Iterator[None]:
        """A full disk is said in a sentence."""
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOSPC:
                msg = f"the disk under {self.root} is full; free some space and run again"
                raise ResourceError(msg) from error
            raise
