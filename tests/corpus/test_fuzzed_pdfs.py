"""PDFs with bytes changed at random: every one ends in an outcome, none ends the batch."""

import random
from pathlib import Path

import paper
import pytest

from lamina.corpus.documents import find_documents
from lamina.corpus.isolation import ReadingLimits
from lamina.corpus.pages import read_pages
from lamina.corpus.pretest import pdf_pretest
from lamina.progress import Silent
from lamina.settings import load
from lamina.text.verdicts import read_verdicts
from lamina.workspace import Workspace

MUTANTS = 60


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Some bytes flipped, a piece cut out, or a piece repeated."""
    changed = bytearray(content)
    match rng.randrange(3):
        case 0:
            for _ in range(rng.randrange(1, 200)):
                changed[rng.randrange(len(changed))] = rng.randrange(256)
        case 1:
            start = rng.randrange(len(changed))
            del changed[start : start + rng.randrange(1, 3000)]
        case _:
            start = rng.randrange(len(changed))
            changed[start:start] = changed[start : start + rng.randrange(1, 3000)] * 5
    return bytes(changed)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_no_mutant_escapes_its_reader(tmp_path: Path, seed: int) -> None:
    workspace = Workspace(load(workspace=tmp_path)).make()
    source = paper.write_pdf(tmp_path / "source.pdf", [paper.PROSE] * 5).read_bytes()
    rng = random.Random(seed)
    for number in range(MUTANTS):
        (workspace.raw_pdfs / f"{number}.pdf").write_bytes(mutated(source, rng))
    documents = find_documents(workspace)
    limits = ReadingLimits(base_s=5, page_s=0.1)

    ref = pdf_pretest(documents, store=workspace.store, progress=Silent(), limits=limits)

    verdicts = read_verdicts(workspace.store, ref).verdicts
    assert len(verdicts) == len(documents)
    assert all(verdict.sentence for verdict in verdicts)


def test_each_reader_saves_files_that_the_one_before_it_cannot_read(tmp_path: Path) -> None:
    source = paper.write_pdf(tmp_path / "source.pdf", [paper.PROSE] * 5).read_bytes()
    path = tmp_path / "mutant.pdf"
    saved = set()
    for seed in range(150):
        path.write_bytes(mutated(source, random.Random(seed)))
        pages = read_pages(path)
        saved.update({(page.reader, "repaired" in pages.notes) for page in pages.pages})

    assert {("pdfium", False), ("pdfium", True), ("pdfplumber", False)} <= saved
