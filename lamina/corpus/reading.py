"""One file to pages, whatever its format, as an artifact of its own.

A file is read once for all layers and runs; a new one among a thousand costs only itself.
"""

from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import Document
from lamina.corpus.pages import read_pages
from lamina.corpus.plain_text import read_questions, read_text
from lamina.pages import Pages, write_pages
from lamina.store import Stage, Store

PAGES = Stage("pages", version=1)


def stored_pages(document: Document, store: Store, *, refresh: bool = False) -> ArtifactRef:
    """The document's pages, kind `pages`; facts: `document`, `format`, `pages`, `problem`."""

    def make(folder: Path) -> dict[str, object]:
        pages = read(document)
        write_pages(folder, pages)
        return {
            "document": document.digest,
            "format": document.format,
            "pages": len(pages.pages),
            "problem": pages.problem,
        }

    inputs = {"document": document.digest, "format": document.format}
    return store.once("pages", PAGES, inputs, make, refresh=refresh)


def read(document: Document) -> Pages:
    """What the file holds; a file that cannot be read is a problem on record, never an error."""
    path = Path(document.path)
    try:
        match document.format:
            case "pdf":
                return read_pages(path)
            case "text":
                return read_text(path)
            case "questions":
                return read_questions(path)
            case "unreadable":
                path.open("rb").close()
    except OSError as error:
        return Pages(format=document.format, problem="unreadable", detail=str(error.strerror))
    return Pages(format="unreadable", problem="unreadable", detail="it can be read by now")
