"""Which documents there are: the union of the archive and of what newly landed, by content."""

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lamina.corpus.naming import TABLE, Tables, from_name
from lamina.errors import InvalidInputError, NotFoundError
from lamina.fingerprint import text_digest
from lamina.text.naming import Naming
from lamina.text.pages import DocumentFormat
from lamina.text.question_files import SUFFIXES
from lamina.workspace import Workspace, checked_layer_name, fed_layer

FORMATS: dict[str, DocumentFormat] = {
    ".pdf": "pdf",
    ".txt": "text",
    ".md": "text",
    ".markdown": "text",
    **dict.fromkeys(SUFFIXES, "questions"),
}

Origin = Literal["archive", "raw"]


class Copy(BaseModel):
    """One more file with the same bytes in the same layer."""

    model_config = ConfigDict(frozen=True)

    name: str
    path: str
    origin: Origin


class Document(BaseModel):
    """A file that feeds a layer. Its content is its identity; where it lies is not."""

    model_config = ConfigDict(frozen=True)

    layer: str
    name: str = Field(description="file name, for people")
    path: str
    digest: str = Field(description="sha256 of the bytes")
    format: DocumentFormat
    origin: Origin
    copies: tuple[Copy, ...] = Field((), description="duplicates: later names of the same bytes")
    naming: Naming = Field(default_factory=Naming)

    def content_identity(self) -> list[str]:
        """Layer and bytes, how they are to be read, and of whom they are by name or table.

        A rename that says the same changes nothing.
        """
        return [self.layer, self.digest, self.format, self.naming.model_dump_json()]


def find_documents(workspace: Workspace) -> tuple[Document, ...]:
    """Every document of the corpus once per layer, ordered by layer and digest.

    A folder's first level names the layer; files without a folder feed the layer `general`. Of
    equal bytes within a layer the archived file counts, then the shortest name, then the
    first; the others are its `copies`.

    What `documents.csv` says of a file (in the folder of PDFs, or in a layer's) goes before what
    its name says.

    Raises:
        NotFoundError: there is no document at all.
        InvalidInputError: a folder's name cannot be a layer's name, or a `documents.csv` is wrong.

    """
    found: dict[tuple[str, ...], Document] = {}
    tables = Tables(workspace.archive, workspace.raw_pdfs)
    for root, origin in ((workspace.archive, "archive"), (workspace.raw_pdfs, "raw")):
        for path in document_files(root):
            document = _document(workspace, root, path, "archive" if origin == "archive" else "raw")
            said = tables.say(path.relative_to(root)) or from_name(document.name)
            named = document.model_copy(update={"naming": said})
            key = (document.layer, document.digest, document.format)
            first = found.get(key)
            found[key] = _with_copy(first, named) if first else named
    tables.check()
    workspace.digests.save()
    if not any(document.format != "questions" for document in found.values()):
        raise _no_documents(workspace)
    return tuple(found[key] for key in sorted(found))


def documents_in(folder: Path, layer: str, digest: Callable[[Path], str]) -> tuple[Document, ...]:
    """Every document under a folder, wherever it lies, as one that feeds this layer.

    Raises:
        NotFoundError: there is none.
        InvalidInputError: one of them cannot be read, such as a link to nothing.

    """

    def read(path: Path) -> str:
        try:
            return digest(path)
        except OSError as error:
            msg = f"{path} cannot be read ({error.strerror}); mend it, or take it out of the folder"
            raise InvalidInputError(msg) from error

    found = {
        key: Document(
            layer=layer,
            name=path.name,
            path=str(path),
            digest=key,
            format=FORMATS[path.suffix.lower()],
            origin="raw",
            naming=from_name(path.name),
        )
        for path in document_files(folder)
        for key in [read(path)]
    }
    if not found:
        msg = f"there are no documents in {folder}; name a folder of PDFs or texts"
        raise NotFoundError(msg)
    return tuple(found.values())


def _no_documents(workspace: Workspace) -> NotFoundError:
    return NotFoundError(
        f"there are no PDFs in {workspace.raw_pdfs}; put some there, "
        "each into a folder that is named after the layer it feeds, and run again"
    )


def check_folders(workspace: Workspace, wanted: Collection[str]) -> None:
    """Refuse what `find_documents` or a choice of layers would refuse by names alone.

    Raises:
        NotFoundError: there is no document, or none for a wanted layer.
        InvalidInputError: a folder's name cannot be a layer's name.

    """
    fed = {
        _fed_by(root, path)
        for root in (workspace.archive, workspace.raw_pdfs)
        for path in document_files(root)
        if FORMATS[path.suffix.lower()] != "questions"
    }
    if not fed:
        raise _no_documents(workspace)
    for name in wanted:
        if name not in fed:
            msg = (
                f"layer {name} has no usable document; put PDFs into raw_pdfs/{name}, "
                f"or choose among: {', '.join(sorted(fed))}"
            )
            raise NotFoundError(msg)


def _fed_by(root: Path, path: Path) -> str:
    """The layer that a file feeds, if it can be called so."""
    layer = fed_layer(root, path)
    try:
        return checked_layer_name(layer)
    except InvalidInputError as odd:
        msg = f"{odd}; rename the folder {root / layer}"
        raise InvalidInputError(msg) from odd


def _document(workspace: Workspace, root: Path, path: Path, origin: Origin) -> Document:
    relative = path.relative_to(root)
    kind = FORMATS[path.suffix.lower()]
    shown = _shown(path)
    digest = _digest(workspace, path) if shown == path else None
    if digest is None:
        # Shown as unreadable with this run; once it can be read, its digest becomes another.
        kind = "unreadable"
        digest = text_digest(f"unreadable {_shown(relative).as_posix()}")
    return Document(
        layer=_fed_by(root, path),
        name=shown.name,
        path=str(shown),
        digest=digest,
        format=kind,
        origin=origin,
    )


def _digest(workspace: Workspace, path: Path) -> str | None:
    try:
        return workspace.digests(path)
    except OSError:
        return None


def _shown(path: Path) -> Path:
    """The path as text: bytes of a name that are no UTF-8 cannot be written down."""
    return Path(os.fsencode(path).decode(errors="replace"))


def _with_copy(first: Document, other: Document) -> Document:
    copy = Copy(name=other.name, path=other.path, origin=other.origin)
    return first.model_copy(update={"copies": (*first.copies, copy)})


def document_files(root: Path) -> Iterator[Path]:
    """Documents under a folder in order of name. Linked folders count, each real folder once."""
    seen: set[str] = set()
    for folder, subfolders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names, key=lambda name: (len(name), name)):  # x.pdf before x (1).pdf
            if is_document(name) and not _is_odd(Path(folder) / name):
                yield Path(folder) / name


def _is_odd(path: Path) -> bool:
    """Whether this is no file at all, such as a pipe, on which a reader would wait for ever."""
    return path.exists() and not path.is_file()


def is_document(name: str) -> bool:
    """Whether a file of this name is a document: half files and `documents.csv` are not."""
    if name.startswith((".", "~")) or name.endswith("~") or name.casefold() == TABLE:
        return False
    return Path(name).suffix.lower() in FORMATS
