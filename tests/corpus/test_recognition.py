"""Pictures of pages, read by a program that is asked for by name.

Mostly a small stand-in that answers in Tesseract's own table; Tesseract itself where it is there.
"""

import os
import shutil
from pathlib import Path

import paper
import pytest

from lamina.corpus.documents import find_documents
from lamina.corpus.isolation import ReadingLimits
from lamina.corpus.pretest import pdf_pretest
from lamina.errors import ResourceError
from lamina.progress import Silent
from lamina.settings import load
from lamina.text.pages import read_stored_pages
from lamina.text.verdicts import Verdict, read_verdicts
from lamina.workspace import Workspace

COLUMNS = "level page_num block_num par_num line_num word_num left top width height conf text"
SCRIPT = """#!/bin/sh
test "$1" = --list-langs && printf 'List of available languages (2):\\neng\\nosd\\n' && exit
echo "$1" >> "$(dirname "$0")/calls"
test -f "$1" || exit 1
cat "$(dirname "$0")/answer.tsv"
"""


def answer() -> str:
    page = "1\t1\t0\t0\t0\t0\t0\t0\t2479\t3508\t-1\t"
    rows = ["\t".join(COLUMNS.split()), page]
    for number, line in enumerate(paper.PROSE * 2):
        for place, word in enumerate(line.split()):
            box = (300 + 90 * place, 300 + 50 * number, 80, 40)
            cells = (5, 1, 1, 1, number, place, *box, 91, word)
            rows.append("\t".join(map(str, cells)))
    return "\n".join(rows) + "\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(load(workspace=tmp_path / "workspace")).make()
    paper.write_scan(workspace.raw_pdfs / "scan.pdf")
    return workspace


@pytest.fixture
def _tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text(SCRIPT)
    program.chmod(0o755)
    (program.parent / "answer.tsv").write_text(answer())
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def verdict(workspace: Workspace, recognise: str) -> Verdict:
    ref = pdf_pretest(
        find_documents(workspace),
        store=workspace.store,
        progress=Silent(),
        limits=ReadingLimits(recognise=recognise),
    )
    (found,) = read_verdicts(workspace.store, ref).verdicts
    return found


@pytest.mark.usefixtures("_tesseract")
def test_a_scan_is_read_when_recognition_is_asked_for(workspace: Workspace) -> None:
    found = verdict(workspace, "eng")

    assert (found.recommended, found.reasons) == (True, ("recognised",))
    assert (found.confidence, found.readers) == (91.0, {"tesseract": 1})
    assert found.pages_ref
    line = read_stored_pages(workspace.store, found.pages_ref).pages[0].lines[0]
    assert line.text == paper.PROSE[0]
    assert line.left == pytest.approx(72, abs=1)  # 300 pixels at 300 dpi


@pytest.mark.skipif(not shutil.which("tesseract"), reason="Tesseract is not installed")
def test_tesseract_itself_reads_a_printed_page(workspace: Workspace) -> None:
    from PIL import Image, ImageDraw, ImageFont

    (workspace.raw_pdfs / "scan.pdf").unlink()
    page = Image.new("L", (1240, 1754), 255)
    for number, text in enumerate(paper.PROSE):
        font = ImageFont.load_default(size=24)
        ImageDraw.Draw(page).text((100, 100 + 40 * number), text, fill=0, font=font)
    page.save(workspace.raw_pdfs / "printed.pdf", resolution=150)

    found = verdict(workspace, "eng")

    assert (found.recommended, found.reasons) == (True, ("recognised",))
    assert (found.confidence or 0) > 80


@pytest.mark.usefixtures("_tesseract")
def test_a_scan_stays_refused_when_nobody_asks(workspace: Workspace) -> None:
    assert verdict(workspace, "").reasons == ("no_text",)


@pytest.mark.usefixtures("_tesseract")
def test_only_files_with_pictures_are_read_again(workspace: Workspace, tmp_path: Path) -> None:
    paper.write_pdf(workspace.raw_pdfs / "honest.pdf", [paper.PROSE])
    pdf_pretest(find_documents(workspace), store=workspace.store, progress=Silent())
    before = set((workspace.store.root / "pages").iterdir())

    pdf_pretest(
        find_documents(workspace),
        store=workspace.store,
        progress=Silent(),
        limits=ReadingLimits(recognise="eng"),
    )

    assert len(set((workspace.store.root / "pages").iterdir()) - before) == 1
    assert len((tmp_path / "bin" / "calls").read_text().splitlines()) == 1


@pytest.mark.usefixtures("_tesseract")
def test_a_language_that_the_program_lacks_is_named_with_the_remedy(workspace: Workspace) -> None:
    with pytest.raises(ResourceError, match=r"no data for the language deu; install it .*-deu"):
        verdict(workspace, "eng+deu")


def test_without_the_program_the_request_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ResourceError, match=r"needs Tesseract, which is not installed"):
        verdict(workspace, "eng")
