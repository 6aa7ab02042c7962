"""Every file gets exactly one outcome, and no file ends the run."""

import json
from pathlib import Path

import paper
import pytest

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import find_documents
from lamina.corpus.pretest import pdf_pretest
from lamina.corpus.view import write_pretest_view
from lamina.progress import Silent
from lamina.settings import load
from lamina.text.verdicts import Verdict, read_verdicts
from lamina.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(load(workspace=tmp_path)).make()


def pretest(workspace: Workspace) -> ArtifactRef:
    return pdf_pretest(find_documents(workspace), store=workspace.store, progress=Silent())


def only_verdict(workspace: Workspace) -> Verdict:
    (verdict,) = read_verdicts(workspace.store, pretest(workspace)).verdicts
    return verdict


def test_honest_text_is_recommended_with_a_full_score(workspace: Workspace) -> None:
    paper.write_pdf(workspace.raw_pdfs / "Leases/note.pdf", [paper.PROSE, paper.PROSE])

    verdict = only_verdict(workspace)

    assert (verdict.recommended, verdict.score, verdict.reasons, verdict.pages) == (
        True,
        100,
        (),
        2,
    )


def test_the_parts_of_the_score_add_up(workspace: Workspace) -> None:
    paper.write_pdf(workspace.raw_pdfs / "note.pdf", [paper.PROSE])

    verdict = only_verdict(workspace)

    assert sum(verdict.parts.values()) == verdict.score


GERMAN = [
    "Die Gesellschaft bewertet jede Miete mit dem Barwert der Zahlungen und zeigt sie dort"
] * 9
FIGURES = ["Amounts below the limit 12 000"] + ["1 234 5 678 9 012 3 456"] * 40


@pytest.mark.parametrize(
    ("reason", "content"),
    [
        ("not_pdf", b""),
        ("not_pdf", b"<html>moved</html>"),
        ("corrupt", b"%PDF-1.7\nnothing follows"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(
    workspace: Workspace, reason: str, content: bytes
) -> None:
    (workspace.raw_pdfs / "x.pdf").write_bytes(content)

    verdict = only_verdict(workspace)

    assert (verdict.recommended, verdict.reasons) == (False, (reason,))


def test_a_locked_pdf_is_refused_as_encrypted(workspace: Workspace) -> None:
    paper.write_pdf(workspace.raw_pdfs / "x.pdf", [paper.PROSE], locked=True)

    assert only_verdict(workspace).reasons == ("encrypted",)


def test_a_scan_has_no_text(workspace: Workspace) -> None:
    paper.write_scan(workspace.raw_pdfs / "x.pdf")

    verdict = only_verdict(workspace)

    assert (verdict.reasons, verdict.page_kinds) == (("no_text",), {"scanned": 1})


def test_another_language_is_refused(workspace: Workspace) -> None:
    paper.write_pdf(workspace.raw_pdfs / "x.pdf", [GERMAN])

    assert only_verdict(workspace).reasons == ("language",)


def test_a_note_of_one_line_is_too_short(workspace: Workspace) -> None:
    paper.write_pdf(workspace.raw_pdfs / "x.pdf", [paper.PROSE[:1]])

    assert only_verdict(workspace).reasons == ("too_short",)


def test_figures_beside_prose_do_not_lower_the_verdict(workspace: Workspace) -> None:
    paper.write_pdf(workspace.raw_pdfs / "x.pdf", [paper.PROSE, FIGURES])

    verdict = only_verdict(workspace)

    assert verdict.alpha_ratio < 0.6
    assert verdict.recommended


def test_a_bad_file_does_not_stop_the_others(workspace: Workspace) -> None:
    (workspace.raw_pdfs / "a.pdf").write_bytes(b"%PDF-")
    paper.write_pdf(workspace.raw_pdfs / "b.pdf", [paper.PROSE])

    outcomes = read_verdicts(workspace.store, pretest(workspace)).verdicts

    assert sorted(verdict.recommended for verdict in outcomes) == [False, True]


def test_a_renamed_file_changes_nothing(workspace: Workspace) -> None:
    path = paper.write_pdf(workspace.raw_pdfs / "a.pdf", [paper.PROSE])
    before = pretest(workspace)
    path.rename(path.with_name("b.pdf"))

    assert pretest(workspace) == before


def test_the_order_of_the_documents_does_not_matter(workspace: Workspace) -> None:
    for name in ("a", "b", "c"):
        paper.write_pdf(workspace.raw_pdfs / f"{name}.pdf", [paper.PROSE, (name,)])
    before = pretest(workspace)
    turned = find_documents(workspace)[::-1]

    assert pdf_pretest(turned, store=workspace.store, progress=Silent(), refresh=True) == before


def test_a_new_file_reads_only_itself(workspace: Workspace) -> None:
    paper.write_pdf(workspace.raw_pdfs / "a.pdf", [paper.PROSE])
    before = only_verdict(workspace)
    assert before.pages_ref
    stamp = workspace.store.path(before.pages_ref).stat().st_mtime_ns
    paper.write_pdf(workspace.raw_pdfs / "b.pdf", [paper.PROSE, paper.PROSE])

    pretest(workspace)

    assert workspace.store.path(before.pages_ref).stat().st_mtime_ns == stamp
    assert len(list((workspace.store.root / "pages").iterdir())) == 2


def test_the_view_names_every_file_and_calls_the_second_copy_a_duplicate(
    workspace: Workspace,
) -> None:
    path = paper.write_pdf(workspace.raw_pdfs / "a.pdf", [paper.PROSE])
    (workspace.raw_pdfs / "b.pdf").write_bytes(path.read_bytes())
    documents = find_documents(workspace)
    verdicts = read_verdicts(workspace.store, pretest(workspace))

    entries = json.loads(write_pretest_view(workspace, documents, verdicts).read_text())

    assert [(e["file"], e["recommended"], e["reasons"]) for e in entries] == [
        ("a.pdf", True, []),
        ("b.pdf", False, ["duplicate"]),
    ]
    assert entries[0].keys() >= {
        "file", "layer", "sha256", "score", "recommended", "reasons", "pages", "characters",
        "alpha_ratio", "sentence",
    }  # fmt: skip


def test_text_markdown_and_questions_are_read_beside_pdfs(workspace: Workspace) -> None:
    (workspace.raw_pdfs / "a.txt").write_text("\n".join(paper.PROSE))
    (workspace.raw_pdfs / "b.md").write_text("# Leases\n\n" + " ".join(paper.PROSE))
    (workspace.raw_pdfs / "c.jsonl").write_text('{"question": "How long?", "answer": "12 months"}')
    (workspace.raw_pdfs / "d.csv").write_text("question,answer\nWho signs?,The controller\n")

    verdicts = read_verdicts(workspace.store, pretest(workspace)).verdicts

    assert [verdict.recommended for verdict in verdicts] == [True] * 4
