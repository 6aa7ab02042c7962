"""The stage `archive_pdfs`: move what was used out of the inbox, and lose nothing on the way.

Copy, flush to disk, verify by sha256, rename into place, and only then remove the original. Killed
at any point, the next run finds either the original, or both files, and finishes the move.
"""

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from lamina.corpus.documents import Document
from lamina.errors import DamagedError, ResourceError
from lamina.fingerprint import file_digest
from lamina.store import see_on_disk
from lamina.workspace import Workspace


class ArchiveReport(BaseModel):
    """What was moved, under the names it has in the archive now."""

    model_config = ConfigDict(frozen=True)

    moved: tuple[str, ...]


def archive_pdfs(
    documents: Sequence[Document], used: Collection[str], workspace: Workspace
) -> ArchiveReport:
    """Move the raw files of the used digests into the archive, under the same subfolders.

    `documents` are those of the layers that were trained, `used` the digests in their datasets'
    facts; all other files stay where they are.

    Raises:
        ResourceError: the archive cannot be written, or the disk is full.
        DamagedError: a copy differs from its original, which then stays.

    """
    moved = [
        _move(path, document.digest, workspace)
        for document in documents
        if document.digest in used
        for path in _raw_files(document, workspace)
    ]
    return ArchiveReport(moved=tuple(moved))


def _raw_files(document: Document, workspace: Workspace) -> list[Path]:
    """The document's file in the inbox; of one that is archived already, a move's leftover."""
    if document.origin == "raw":
        return [Path(document.path)]
    leftovers = [Path(copy.path) for copy in document.copies if copy.origin == "raw"]
    return [path for path in leftovers if _names(path, document.digest, workspace)[1]]


def _names(path: Path, digest: str, workspace: Workspace) -> tuple[Path, bool]:
    """Where the file belongs in the archive, and whether it already lies there."""
    plain = workspace.archive / path.relative_to(workspace.raw_pdfs)
    marked = plain.with_name(f"{plain.stem}-{digest[:8]}{plain.suffix}")
    for target in (plain, marked):
        if target.is_file() and file_digest(target) == digest:
            return target, True
    return (marked if plain.exists() else plain), False


def _move(path: Path, digest: str, workspace: Workspace) -> str:
    target, lies_there = _names(path, digest, workspace)
    try:
        if not lies_there:
            _copy(path, target, digest)
        if file_digest(path) == digest:  # a file that changed since it was read is a new one
            path.unlink()
    except OSError as error:
        msg = (
            f"cannot archive {path.name} to {target.parent} ({error.strerror}); "
            "make room or set PDF_ARCHIVE_PATH, and run again"
        )
        raise ResourceError(msg) from error
    return target.relative_to(workspace.archive).as_posix()


def _copy(path: Path, target: Path, digest: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.part")
    shutil.copy2(path, aside)
    see_on_disk(aside)
    if file_digest(aside) != digest:
        aside.unlink()
        msg = f"{path.name} changed while it was archived; it stays where it is; run again"
        raise DamagedError(msg)
    aside.rename(target)
    see_on_disk(target.parent)
