"""Every file gets exactly one outcome, and no file ends the run: all of these are read in one."""

from collections.abc import Sequence

import paper
import pytest

from lamina.corpus.documents import find_documents
from lamina.corpus.pretest import pdf_pretest
from lamina.progress import Silent
from lamina.settings import load
from lamina.text.verdicts import Verdict, read_verdicts
from lamina.workspace import Workspace

GERMAN = [
    "Die Gesellschaft bewertet jede Miete mit dem Barwert der Zahlungen und zeigt sie dort"
] * 9
FIGURES = ["Amounts below the limit 12 000"] + ["1 234 5 678 9 012 3 456"] * 40
PRINTED: dict[str, list[Sequence[str]]] = {
    "honest.pdf": [paper.PROSE, paper.PROSE],
    "figures.pdf": [paper.PROSE, FIGURES],
    "german.pdf": [GERMAN],
    "short.pdf": [paper.PROSE[:1]],
}
WRITTEN = {
    "empty.pdf": b"",
    "moved.pdf": b"<html>moved</html>",
    "cut.pdf": b"%PDF-1.7\nnothing follows",
    "notes.txt": "\n".join(paper.PROSE).encode(),
    "notes.md": b"# Leases\n\n" + " ".join(paper.PROSE).encode(),
    "asked.jsonl": b'{"question": "How long?", "answer": "12 months"}',
    "asked.csv": b"question,answer\nWho signs?,The controller\n",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """The verdict of each file, by name."""
    workspace = Workspace(load(workspace=tmp_path_factory.mktemp("outcomes"))).make()
    for name, pages in PRINTED.items():
        paper.write_pdf(workspace.raw_pdfs / name, pages)
    for name, content in WRITTEN.items():
        (workspace.raw_pdfs / name).write_bytes(content)
    paper.write_pdf(workspace.raw_pdfs / "locked.pdf", [paper.PROSE], locked=True)
    paper.write_scan(workspace.raw_pdfs / "scan.pdf")
    documents = find_documents(workspace)
    ref = pdf_pretest(documents, store=workspace.store, progress=Silent(), workers=1)
    by_digest = {one.digest: one for one in read_verdicts(workspace.store, ref).verdicts}
    return {one.name: by_digest[one.digest] for one in documents}


def test_no_file_stops_the_others(outcomes: dict[str, Verdict]) -> None:
    assert outcomes.keys() == {*PRINTED, *WRITTEN, "locked.pdf", "scan.pdf"}


def test_honest_text_is_recommended_with_a_full_score(outcomes: dict[str, Verdict]) -> None:
    found = outcomes["honest.pdf"]

    assert (found.recommended, found.score, found.reasons, found.pages) == (True, 100, (), 2)


def test_the_parts_of_the_score_add_up(outcomes: dict[str, Verdict]) -> None:
    accepted = [one for one in outcomes.values() if one.recommended]

    assert all(sum(one.parts.values()) == one.score for one in accepted)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.pdf", "not_pdf"),
        ("moved.pdf", "not_pdf"),
        ("cut.pdf", "corrupt"),
        ("locked.pdf", "encrypted"),
        ("scan.pdf", "no_text"),
        ("german.pdf", "language"),
        ("short.pdf", "too_short"),
    ],
)
def test_a_file_that_teaches_nothing_is_refused_with_its_reason(
    outcomes: dict[str, Verdict], name: str, reason: str
) -> None:
    assert (outcomes[name].recommended, outcomes[name].reasons) == (False, (reason,))


def test_a_page_that_is_a_picture_is_called_scanned(outcomes: dict[str, Verdict]) -> None:
    assert outcomes["scan.pdf"].page_kinds == {"scanned": 1}


def test_figures_beside_prose_do_not_lower_the_verdict(outcomes: dict[str, Verdict]) -> None:
    found = outcomes["figures.pdf"]

    assert found.alpha_ratio < 0.6
    assert found.recommended


@pytest.mark.parametrize("name", ["notes.txt", "notes.md", "asked.jsonl", "asked.csv"])
def test_text_markdown_and_questions_are_read_beside_pdfs(
    outcomes: dict[str, Verdict], name: str
) -> None:
    assert outcomes[name].recommended
