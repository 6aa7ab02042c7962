"""Files as a hostile or careless user leaves them: each ends in one outcome, none ends the run."""

import os
from pathlib import Path

import paper
import pytest

from lamina.corpus.documents import Document, find_documents
from lamina.corpus.isolation import Readers
from lamina.corpus.pretest import pdf_pretest
from lamina.corpus.view import write_pretest_view
from lamina.progress import Silent
from lamina.settings import load
from lamina.terminal import print_table
from lamina.text.pages import Pages
from lamina.text.verdicts import Verdict, read_verdicts
from lamina.workspace import Workspace

TEXT = "The company measures each lease at the present value of the payments that are due. " * 9


NAMES = ("two\nlines.txt", "[bold]x.txt", "n" * 250 + ".txt", "Ünï😀.txt")
OTHER_SYSTEMS = {
    "utf-16.txt": f"Of another system. {TEXT}".encode("utf-16"),
    "windows.txt": TEXT.replace(". ", ".\r\n").encode(),
}


def put(workspace: Workspace, name: str, content: bytes) -> Path:
    path = workspace.raw_pdfs / "Leases" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def verdicts(workspace: Workspace) -> dict[str, Verdict]:
    """The outcome of each file, by name."""
    documents = find_documents(workspace)
    ref = pdf_pretest(documents, store=workspace.store, progress=Silent(), workers=1)
    found = read_verdicts(workspace.store, ref)
    write_pretest_view(workspace, documents, found)
    by_digest = {one.digest: one for one in found.verdicts}
    return {one.name: by_digest[one.digest] for one in documents}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """All of these in one run."""
    workspace = Workspace(load(workspace=tmp_path_factory.mktemp("odd"))).make()
    folder = paper.write_pdf(workspace.raw_pdfs / "Leases" / "good.pdf", [paper.PROSE]).parent
    os.mkfifo(folder / "pipe.pdf")
    (folder / "link.pdf").symlink_to("nowhere")
    (folder / "x.pdf").mkdir()
    (folder / "x.pdf" / "inner.txt").write_text(f"Inside of a folder. {TEXT}")
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_text(TEXT)
    for name in NAMES:
        put(workspace, name, f"{name} {TEXT}".encode())
    for name, content in OTHER_SYSTEMS.items():
        put(workspace, name, content)
    return verdicts(workspace)


def test_a_pipe_named_like_a_pdf_is_passed_by(outcomes: dict[str, Verdict]) -> None:
    assert "pipe.pdf" not in outcomes
    assert outcomes["good.pdf"].recommended


def test_a_folder_named_like_a_pdf_is_a_folder(outcomes: dict[str, Verdict]) -> None:
    assert "x.pdf" not in outcomes
    assert outcomes["inner.txt"].recommended


def test_a_link_that_leads_nowhere_is_unreadable(outcomes: dict[str, Verdict]) -> None:
    assert outcomes["link.pdf"].reasons == ("unreadable",)


def test_a_name_that_is_no_utf_8_is_told_with_the_remedy(outcomes: dict[str, Verdict]) -> None:
    found = outcomes["caf\ufffd.txt"]

    assert found.reasons == ("unreadable",)
    assert "rename it" in found.sentence


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_name_is_a_name(outcomes: dict[str, Verdict], name: str) -> None:
    assert outcomes[name].recommended


@pytest.mark.parametrize("name", OTHER_SYSTEMS)
def test_a_text_file_of_another_system_is_read(outcomes: dict[str, Verdict], name: str) -> None:
    assert outcomes[name].recommended


def test_a_name_that_looks_like_markup_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table([{"file": "[bold]x[/red].txt"}])

    assert "[bold]x[/red].txt" in capsys.readouterr().out


def test_a_file_that_changes_while_it_is_read_gives_no_pages_of_another(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(workspace, "notes.txt", TEXT.encode())
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
    path = put(workspace, "notes.txt", TEXT.encode())
    whole = Readers.read

    def away(readers: Readers, document: Document) -> Pages:
        path.unlink(missing_ok=True)
        return whole(readers, document)

    with monkeypatch.context() as patch:
        patch.setattr(Readers, "read", away)
        assert verdicts(workspace)["notes.txt"].reasons == ("unreadable",)
    path.write_text(TEXT)

    assert verdicts(workspace)["notes.txt"].recommended
