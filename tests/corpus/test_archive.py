"""Archiving moves what was used, loses nothing, and can be interrupted anywhere."""

from pathlib import Path

import pytest

from lamina.corpus.archive import ArchiveReport, archive_pdfs
from lamina.corpus.documents import Document, find_documents
from lamina.errors import DamagedError
from lamina.workspace import Workspace


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def archive_all(documents: tuple[Document, ...], workspace: Workspace) -> ArchiveReport:
    return archive_pdfs(documents, {document.digest for document in documents}, workspace)


def digest_of(documents: tuple[Document, ...], name: str) -> str:
    return next(document.digest for document in documents if document.name == name)


def test_used_files_move_under_their_layer_and_others_stay(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "Leases/2023/used.pdf", b"used")
    refused = put(workspace.raw_pdfs, "Leases/refused.pdf", b"refused")
    documents = find_documents(workspace)

    report = archive_pdfs(documents, {digest_of(documents, "used.pdf")}, workspace)

    assert report.moved == ("Leases/2023/used.pdf",)
    assert (workspace.archive / "Leases/2023/used.pdf").read_bytes() == b"used"
    assert not (workspace.raw_pdfs / "Leases/2023/used.pdf").exists()
    assert refused.exists()


def test_another_content_under_the_same_name_gets_its_digest_into_the_name(
    workspace: Workspace,
) -> None:
    put(workspace.archive, "Leases/note.pdf", b"first edition")
    put(workspace.raw_pdfs, "Leases/note.pdf", b"second edition")
    documents = find_documents(workspace)

    report = archive_all(documents, workspace)

    second = next(d.digest for d in documents if d.origin == "raw")
    assert report.moved == (f"Leases/note-{second[:8]}.pdf",)
    assert (workspace.archive / "Leases/note.pdf").read_bytes() == b"first edition"


def test_archiving_twice_does_nothing_more(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "note.pdf", b"used")
    archive_all(find_documents(workspace), workspace)

    assert archive_all(find_documents(workspace), workspace).moved == ()


def test_a_run_killed_before_the_original_was_removed_is_finished_by_the_next(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(workspace.raw_pdfs, "Leases/note.pdf", b"used")

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    documents = find_documents(workspace)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            archive_all(documents, workspace)
    assert path.exists()

    archive_all(find_documents(workspace), workspace)

    assert not path.exists()
    assert (workspace.archive / "Leases/note.pdf").read_bytes() == b"used"


def test_a_file_that_changed_since_it_was_read_stays(workspace: Workspace) -> None:
    path = put(workspace.raw_pdfs, "note.pdf", b"used")
    documents = find_documents(workspace)
    path.write_bytes(b"new edition")

    with pytest.raises(DamagedError, match="stays where it is"):
        archive_all(documents, workspace)

    assert path.read_bytes() == b"new edition"
    assert list(workspace.archive.rglob("*.pdf*")) == []


def test_a_duplicate_under_another_name_stays(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "a.pdf", b"same")
    second = put(workspace.raw_pdfs, "b.pdf", b"same")
    documents = find_documents(workspace)

    report = archive_all(documents, workspace)

    assert report.moved == ("a.pdf",)
    assert second.exists()
