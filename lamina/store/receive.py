"""What another store made is taken in: nothing is believed that was not checked here."""

from pathlib import Path

from lamina.artifacts import ArtifactRef, Manifest
from lamina.errors import DamagedError
from lamina.store.durable import see_on_disk
from lamina.store.lookup import mismatch
from lamina.store.publish import content_digest


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
        content_digest(told.files, told.facts) != ref.digest
    ):
        msg = f"the manifest that came for {ref} is that of something else; have it pushed again"
        raise DamagedError(msg)
    return told


def refuse_wrong_files(folder: Path, manifest: Manifest) -> None:
    """Remove what is not as the manifest says, and say so; see the rest on the disk.

    Raises:
        DamagedError: a file is missing or has another content.

    """
    for name in manifest.files:
        path = folder / name
        if problem := mismatch(folder, manifest, [name]):
            path.unlink(missing_ok=True)
            msg = f"what came for {manifest.ref} is damaged ({problem}); have it pushed again"
            raise DamagedError(msg)
        path.chmod(0o644)
        see_on_disk(path)
