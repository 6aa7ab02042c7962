"""What was read once is not read again; names and order are nothing to the verdicts."""

import json
from pathlib import Path

import paper

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import find_documents
from lamina.corpus.pretest import pdf_pretest
from lamina.corpus.view import write_pretest_view
from lamina.progress import Silent
from lamina.store import Store
from lamina.text.verdicts import Verdict, read_verdicts
from lamina.workspace import Workspace


def pretest(workspace: Workspace) -> ArtifactRef:
    return pdf_pretest(find_documents(workspace), store=workspace.store, progress=Silent())


def only_verdict(workspace: Workspace) -> Verdict:
    (verdict,) = read_verdicts(workspace.store, pretest(workspace)).verdicts
    return verdict


def test_a_renamed_file_changes_nothing(workspace: Workspace) -> None:
    path = paper.write_pdf(workspace.raw_pdfs / "a.pdf", [paper.PROSE])
    before = pretest(workspace)
    path.rename(path.with_name("b.pdf"))

    assert pretest(workspace) == before


def test_the_order_of_the_documents_does_not_matter(workspace: Workspace, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (workspace.raw_pdfs / f"{name}.txt").write_text("\n".join([name, *paper.PROSE]))
    turned = find_documents(workspace)[::-1]

    elsewhere = pdf_pretest(turned, store=Store(tmp_path / "elsewhere"), progress=Silent())

    assert elsewhere == pretest(workspace)


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
