"""Which files are documents, of which layer, and which of equal ones counts."""

from pathlib import Path

import pytest

from lamina.corpus.documents import find_documents
from lamina.errors import InvalidInputError, NotFoundError
from lamina.workspace import Workspace


def put(folder: Path, name: str, content: bytes = b"%PDF-1.4") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_subfolder_names_the_layer(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "Leases/2023/note.pdf")

    assert [document.layer for document in find_documents(workspace)] == ["Leases"]


def test_a_file_without_a_folder_feeds_the_general_layer(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "note.pdf")

    assert [document.layer for document in find_documents(workspace)] == ["general"]


def test_an_archived_file_is_still_a_document(workspace: Workspace) -> None:
    put(workspace.archive, "Leases/old.pdf", b"%PDF-old")
    put(workspace.raw_pdfs, "Leases/new.pdf", b"%PDF-new")

    assert sorted(document.name for document in find_documents(workspace)) == ["new.pdf", "old.pdf"]


def test_archiving_does_not_change_what_the_corpus_is(workspace: Workspace) -> None:
    path = put(workspace.raw_pdfs, "Leases/note.pdf")
    before = [document.content_identity() for document in find_documents(workspace)]
    target = workspace.archive / "Leases" / "renamed.pdf"
    target.parent.mkdir(parents=True)
    path.rename(target)

    assert [document.content_identity() for document in find_documents(workspace)] == before


def test_of_equal_bytes_the_archived_file_counts_and_the_others_are_copies(
    workspace: Workspace,
) -> None:
    put(workspace.raw_pdfs, "Leases/a.pdf")
    put(workspace.archive, "Leases/z.pdf")
    put(workspace.raw_pdfs, "Leases/b.pdf")

    (document,) = find_documents(workspace)

    assert (document.name, document.origin) == ("z.pdf", "archive")
    assert [copy.name for copy in document.copies] == ["a.pdf", "b.pdf"]


def test_of_equal_new_files_the_one_with_the_plain_name_counts(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "Leases/copy of note.pdf")
    put(workspace.raw_pdfs, "Leases/note.pdf")

    assert [document.name for document in find_documents(workspace)] == ["note.pdf"]


def test_equal_bytes_in_two_layers_are_two_documents(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "Leases/a.pdf")
    put(workspace.raw_pdfs, "Revenue/a.pdf")

    assert [document.layer for document in find_documents(workspace)] == ["Leases", "Revenue"]


@pytest.mark.parametrize("name", ["x.pdf.part", "x.crdownload", "~x.pdf", ".x.pdf", "x.docx"])
def test_half_files_and_other_files_are_no_documents(workspace: Workspace, name: str) -> None:
    put(workspace.raw_pdfs, "Leases/note.pdf")
    put(workspace.raw_pdfs, f"Leases/{name}", b"%PDF-other")

    assert [document.name for document in find_documents(workspace)] == ["note.pdf"]


def test_an_empty_inbox_says_where_to_put_the_pdfs(workspace: Workspace) -> None:
    with pytest.raises(NotFoundError, match=r"no PDFs in .*raw_pdfs; put some there"):
        find_documents(workspace)


def test_a_folder_that_cannot_be_a_layer_is_named(workspace: Workspace) -> None:
    put(workspace.raw_pdfs, "two words/note.pdf")

    with pytest.raises(InvalidInputError, match="two words"):
        find_documents(workspace)


def test_linked_folders_count_and_a_loop_of_links_ends(
    workspace: Workspace, tmp_path: Path
) -> None:
    put(tmp_path / "elsewhere", "note.pdf")
    (workspace.raw_pdfs / "Leases").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(workspace.raw_pdfs / "Leases")

    assert [(found.layer, found.copies) for found in find_documents(workspace)] == [("Leases", ())]
