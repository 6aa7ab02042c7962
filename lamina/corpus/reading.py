"""One file to pages, whatever its format, as an artifact of its own.

A file is read once for all layers and runs; a new one among a thousand costs only itself.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import Document
from lamina.corpus.pages import read_pages
from lamina.corpus.plain_text import read_text
from lamina.corpus.question_files import read_questions
from lamina.errors import LaminaError
from lamina.fingerprint import file_digest
from lamina.store import Stage, Store
from lamina.text.pages import DocumentFormat, Pages, write_pages

PAGES = Stage("pages", version=10)

Read = Callable[[Document], Pages]


class _TooLargeError(LaminaError):
    """The file has more pages than is allowed."""


def stored_pages(
    document: Document,
    store: Store,
    read: Read,
    limits: Mapping[str, float | str],
) -> ArtifactRef:
    """The document's pages, kind `pages`; facts: `document`, `format`, `pages`, `problem`."""

    def make(folder: Path) -> dict[str, object]:
        pages = _unchanged(document, read(document))
        write_pages(folder, pages)
        return {
            "document": document.digest,
            "format": document.format,
            "pages": len(pages.pages),
            "problem": pages.problem,
        }

    inputs = {"document": document.digest, "format": document.format, "limits": limits}
    known = store.recall_manifest(PAGES, inputs)
    # What could not be read says nothing of the content: it is looked at again.
    again = known is not None and known.facts["problem"] == "unreadable"
    return store.once("pages", PAGES, inputs, make, refresh=again)


def _unchanged(document: Document, pages: Pages) -> Pages:
    """The pages, unless they may be those of other bytes: of a half-copied file."""
    if document.format == "unreadable" or pages.problem == "unreadable":
        return pages
    try:
        if file_digest(Path(document.path)) == document.digest:
            return pages
        detail = "it was changed while it was read"
    except OSError as error:
        detail = f"it went away while it was read ({error.strerror})"
    return Pages(format=document.format, problem="unreadable", detail=detail)


def read_file(
    path: Path,
    form: DocumentFormat,
    opened: Callable[[int], None],
    limits: Mapping[str, Any],
) -> Pages:
    """What the file holds; a file that cannot be read is a problem on record, never an error.

    `opened` is told the number of pages as soon as it is known.
    """

    def checked(pages: int) -> None:
        opened(pages)
        if pages > limits["max_pages"]:
            msg = f"it has {pages} pages, more than {limits['max_pages']}"
            raise _TooLargeError(msg)

    if form == "unreadable" and "\ufffd" in path.name:
        detail = "its name is not valid UTF-8; rename it"
        return Pages(format=form, problem="unreadable", detail=detail)
    try:
        if path.stat().st_size > limits["max_bytes"]:
            detail = f"it has more than {limits['max_bytes']} bytes"
            return Pages(format=form, problem="too_large", detail=detail)
        return _read(path, form, checked, str(limits.get("recognise", "")))
    except _TooLargeError as error:
        return Pages(format=form, problem="too_large", detail=str(error))
    except OSError as error:
        return Pages(format=form, problem="unreadable", detail=str(error.strerror))


def _read(path: Path, form: DocumentFormat, opened: Callable[[int], None], recognise: str) -> Pages:
    match form:
        case "pdf":
            return read_pages(path, opened, recognise)
        case "text":
            return read_text(path)
        case "questions":
            return read_questions(path)
        case "unreadable":
            path.open("rb").close()
    return Pages(format=form, problem="unreadable", detail="it could not be read at first")
