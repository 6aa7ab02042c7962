"""`data/processed/pdf_pretest.json`: the verdicts by file name, for people and other programs."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lamina.corpus.documents import Document
from lamina.store import write_atomically
from lamina.text.verdicts import Verdict, Verdicts
from lamina.workspace import Workspace

PRETEST_VIEW = "pdf_pretest.json"


def write_pretest_view(
    workspace: Workspace, documents: Sequence[Document], verdicts: Verdicts
) -> Path:
    """Write one entry per file, duplicates included, and return the file's path."""
    path = workspace.processed / PRETEST_VIEW
    entries = pretest_table(documents, verdicts)
    content = json.dumps(entries, indent=1, ensure_ascii=False)
    write_atomically(path, content.encode())
    return path


def pretest_table(documents: Sequence[Document], verdicts: Verdicts) -> list[dict[str, Any]]:
    """The entries of the view, ordered by layer and name."""
    known = {(verdict.layer, verdict.digest): verdict for verdict in verdicts.verdicts}
    entries = [
        entry
        for document in documents
        for entry in _entries(document, known[document.layer, document.digest])
    ]
    return sorted(entries, key=lambda entry: (entry["layer"], entry["file"], entry["origin"]))


def _entries(document: Document, verdict: Verdict) -> Iterator[dict[str, Any]]:
    facts = verdict.model_dump(mode="json", exclude={"digest", "pages_ref", "layer"})
    yield {
        "file": document.name,
        "layer": document.layer,
        "origin": document.origin,
        "sha256": document.digest,
        **facts,
    }
    for copy in document.copies:
        yield {
            "file": copy.name,
            "layer": document.layer,
            "origin": copy.origin,
            "sha256": document.digest,
            **facts,
            "recommended": False,
            "reasons": ["duplicate"],
            "sentence": f"Duplicate: the same bytes as {document.name}, which counts.",
        }
