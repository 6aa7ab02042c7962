"""What documents are called, and were called: an exam may name them as they were."""

from pathlib import Path

import pytest

from lamina.corpus.documents import find_documents
from lamina.corpus.known_names import (
    NAMES_VIEW,
    Named,
    known_names,
    names_of_documents,
    remember_names,
)
from lamina.fingerprint import file_digest
from lamina.workspace import Workspace


def put(folder: Path, name: str, content: bytes = b"%PDF-1.4") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(workspace: Workspace) -> set[tuple[str, str]]:
    return {(one.layer, one.name) for one in known_names(workspace)}


def test_files_of_inbox_and_archive_are_known_by_their_layers(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "Leases/2023/note.pdf")
    put(workspace.archive, "Debt/bond.pdf")
    put(workspace.raw_pdfs, "loose.pdf")
    put(workspace.raw_pdfs, "Leases/questions.jsonl")

    assert names(workspace) == {
        ("Leases", "note.pdf"),
        ("Debt", "bond.pdf"),
        ("general", "loose.pdf"),
    }


def test_a_name_is_known_with_its_content(workspace: Workspace) -> None:
    path = put(workspace.raw_pdfs, "Leases/note.pdf")

    assert known_names(workspace) == {Named("Leases", "note.pdf", file_digest(path))}


def test_a_file_that_was_renamed_is_known_by_both_names(workspace: Workspace) -> None:
    path = put(workspace.raw_pdfs, "Leases/note.pdf")
    remember_names(workspace, names_of_documents(find_documents(workspace)))
    path.rename(path.with_name("renamed.pdf"))

    assert names(workspace) == {("Leases", "note.pdf"), ("Leases", "renamed.pdf")}
    assert len({one.digest for one in known_names(workspace)}) == 1


def test_a_file_that_is_gone_is_known_still(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "Debt/bond.pdf", b"%PDF-other")
    path = put(workspace.raw_pdfs, "Leases/note.pdf")
    remember_names(workspace, names_of_documents(find_documents(workspace)))
    path.unlink()
    remember_names(workspace, names_of_documents(find_documents(workspace)))

    assert ("Leases", "note.pdf") in names(workspace)


def test_every_copy_has_a_name(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "Leases/note.pdf")
    put(workspace.raw_pdfs, "Leases/note (1).pdf")

    found = {one.name for one in names_of_documents(find_documents(workspace))}

    assert found == {"note.pdf", "note (1).pdf"}


@pytest.mark.parametrize("content", [b"", b"{}", b'[["Leases"]]', b"\xff\xfe"])
def test_a_broken_memory_is_as_good_as_none(workspace: Workspace, content: bytes) -> None:
    put(workspace.raw_pdfs, "Leases/note.pdf")
    (workspace.processed / NAMES_VIEW).write_bytes(content)

    assert names(workspace) == {("Leases", "note.pdf")}
