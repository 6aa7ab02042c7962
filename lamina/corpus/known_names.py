"""What documents are called, and were called before: an exam names them by their files.

A digest says which document it is; people say `kestrel_2022.pdf`. Names are remembered, since a
file may be renamed, or lie on another pod, while the exam goes on to call it as before.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from lamina.corpus.documents import FORMATS, Document, document_files
from lamina.store import alone, write_atomically
from lamina.workspace import Workspace, fed_layer

NAMES_VIEW = "documents.json"


class Named(NamedTuple):
    """A name that a document has, or had, in a layer's folder."""

    layer: str
    name: str
    digest: str


def names_of_documents(documents: Iterable[Document]) -> Iterator[Named]:
    """Of documents that were found, their copies' names included."""
    for document in documents:
        if document.format not in {"questions", "unreadable"}:
            for name in (document.name, *(copy.name for copy in document.copies)):
                yield Named(document.layer, name, document.digest)


def known_names(workspace: Workspace) -> frozenset[Named]:
    """Every name of a file that is in the archive or the inbox now, and of those remembered."""
    return frozenset({*_lying(workspace), *_read(workspace.processed / NAMES_VIEW)})


def remember_names(workspace: Workspace, names: Iterable[Named]) -> None:
    """Know these names from now on, too."""
    path = workspace.processed / NAMES_VIEW
    with alone(workspace.store.root / "locks" / NAMES_VIEW):
        before = _read(path)
        after = before.union(names)
        if after != before:
            content = json.dumps(sorted(after), indent=0, ensure_ascii=False)
            write_atomically(path, content.encode(errors="replace"))


def _lying(workspace: Workspace) -> Iterator[Named]:
    for root in (workspace.archive, workspace.raw_pdfs):
        for path in document_files(root):
            if FORMATS[path.suffix.lower()] == "questions":
                continue
            try:
                yield Named(fed_layer(root, path), path.name, workspace.digests(path))
            except OSError:  # unreadable: no document either
                continue
    workspace.digests.save()


def _read(path: Path) -> frozenset[Named]:
    """What is remembered; a file that somebody broke is as good as none."""
    try:
        return frozenset(Named(*map(str, entry)) for entry in json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return frozenset()
