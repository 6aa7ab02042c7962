"""Files as a hostile or careless user leaves them: each ends in one outcome, none ends the run."""

import os
from pathlib import Path

import paper
import pytest

from lamina.corpus.documents import Document, find_documents
from lamina.corpus.isolation import Readers
from lamina.corpus.pretest import pdf_pretest
from lamina.corpus.view import write_pretest_view
from lamina.pages import Pages
from lamina.progress import Silent
from lamina.settings import load
from lamina.terminal import print_table
from lamina.verdicts import Verdict, read_verdicts
from lamina.workspace import Workspace

TEXT = "The company measures each lease at the present value of the payments that are due. " * 9


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(load(workspace=tmp_path / "workspace")).make()
    paper.write_pdf(made.raw_pdfs / "Leases" / "good.pdf", [paper.PROSE])
    return made


def verdicts(workspace: Workspace) -> dict[str, Verdict]:
    """The outcome of each file, by name."""
    documents = find_documents(workspace)
    ref = pdf_pretest(documents, store=workspace.store, progress=Silent(), workers=1)
    found = read_verdicts(workspace.store, ref)
    write_pretest_view(workspace, documents, found)
    by_digest = {one.digest: one for one in found.verdicts}
    return {one.name: by_digest[one.digest] for one in documents}


def test_a_pipe_named_like_a_pdf_is_passed_by(workspace: Workspace) -> None:
    os.mkfifo(workspace.raw_pdfs / "Leases" / "pipe.pdf")

    assert set(verdicts(workspace)) == {"good.pdf"}


def test_a_folder_named_like_a_pdf_is_a_folder(workspace: Workspace) -> None:
    (workspace.raw_pdfs / "Leases" / "x.pdf").mkdir()
    (workspace.raw_pdfs / "Leases" / "x.pdf" / "inner.txt").write_text(TEXT)

    assert set(verdicts(workspace)) == {"good.pdf", "inner.txt"}


def test_a_link_that_leads_nowhere_is_unreadable(workspace: Workspace) -> None:
    (workspace.raw_pdfs / "Leases" / "link.pdf").symlink_to("nowhere")

    assert verdicts(workspace)["link.pdf"].reasons == ("unreadable",)


def test_a_name_that_is_no_utf_8_is_told_with_the_remedy(workspace: Workspace) -> None:
    folder = os.fsencode(workspace.raw_pdfs / "Leases")
    Path(os.fsdecode(folder + b"/caf\xe9.txt")).write_text(TEXT)

    found = verdicts(workspace)["caf\ufffd.txt"]

    assert found.reasons == ("unreadable",)
    assert "rename it" in found.sentence


@pytest.mark.parametrize("name", ["two\nlines.txt", "[bold]x.txt", "n" * 250 + ".txt", "Ünï😀.txt"])
def test_an_odd_name_is_a_name(workspace: Workspace, name: str) -> None:
    (workspace.raw_pdfs / "Leases" / name).write_text(TEXT)

    assert verdicts(workspace)[name].recommended


def test_a_name_that_looks_like_markup_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table([{"file": "[bold]x[/red].txt"}])

    assert "[bold]x[/red].txt" in capsys.readouterr().out


@pytest.mark.parametrize("content", [TEXT.encode("utf-16"), TEXT.replace(". ", ".\r\n").encode()])
def test_a_text_file_of_another_system_is_read(workspace: Workspace, content: bytes) -> None:
    (workspace.raw_pdfs / "Leases" / "notes.txt").write_bytes(content)

    assert verdicts(workspace)["notes.txt"].recommended


def test_a_file_that_changes_while_it_is_read_gives_no_pages_of_another(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace.raw_pdfs / "Leases" / "notes.txt"
    path.write_text(TEXT)
    whole = Readers.read

    def overtaken(readers: Readers, document: Document) -> Pages:
        if document.name == path.name:
            path.write_text("Other words. " + TEXT)
        return whole(readers, document)

    monkeypatch.setattr(Readers, "read", overtaken)

    assert verdicts(workspace)["notes.txt"].reasons == ("unreadable",)


def test_a_file_that_was_away_for_a_moment_is_read_when_it_is_back(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace.raw_pdfs / "Leases" / "notes.txt"
    path.write_text(TEXT)
    whole = Readers.read

    def away(readers: Readers, document: Document) -> Pages:
        path.unlink(missing_ok=True)
        return whole(readers, document)

    with monkeypatch.context() as patch:
        patch.setattr(Readers, "read", away)
        assert verdicts(workspace)["notes.txt"].reasons == ("unreadable",)
    path.write_text(TEXT)

    assert verdicts(workspace)["notes.txt"].recommended
