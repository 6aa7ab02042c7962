"""The documents of ../shared/data: hostile files, filings, columns."""

import csv
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from lamina.corpus.documents import Document, find_documents
from lamina.corpus.isolation import Readers, ReadingLimits
from lamina.corpus.pages import read_pages
from lamina.corpus.pretest import pdf_pretest
from lamina.fingerprint import file_digest
from lamina.progress import Silent
from lamina.settings import load
from lamina.text.verdicts import Verdict, read_verdicts
from lamina.workspace import Workspace

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LAMINA_TEST_DATA") or ROOT / ".." / "shared" / "data").resolve()
pytestmark = pytest.mark.skipif(
    not (DATA / "MANIFEST.csv").is_file(), reason=f"no documents for tests at {DATA}"
)
FIGURE = re.compile(r"\d[\d,.]*")


def tricky() -> list[dict[str, str]]:
    if not (DATA / "MANIFEST.csv").is_file():
        return []
    with (DATA / "MANIFEST.csv").open(newline="") as file:
        return [entry for entry in csv.DictReader(file) if entry["kind"] == "tricky"]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """The verdict of each tricky file, by digest."""
    workspace = Workspace(load(workspace=tmp_path_factory.mktemp("tricky"))).make()
    (workspace.raw_pdfs / "tricky").symlink_to(DATA / "tricky")
    ref = pdf_pretest(find_documents(workspace), store=workspace.store, progress=Silent())
    return {verdict.digest: verdict for verdict in read_verdicts(workspace.store, ref).verdicts}


@pytest.mark.parametrize("entry", tricky(), ids=lambda entry: entry["source_path"].split("/")[-1])
def test_a_tricky_file_ends_as_expected(
    outcomes: dict[str, Verdict], entry: dict[str, str]
) -> None:
    expected = entry["expected"]
    codes = set(re.findall(r"reject:(\w+)", expected))
    if codes:
        codes.update(re.findall(r"reject:\w+ or (\w+),", expected))

    verdict = outcomes[entry["sha256"]]

    if verdict.recommended:
        assert "accept" in expected
        assert verdict.pages == int(entry["pages"]) or "repair" in expected
        assert verdict.characters >= 0.95 * int(entry["chars"])
    else:
        assert verdict.reasons[0] in codes
    assert verdict.sentence.endswith(".")


def sample(pattern: str, step: int) -> list[Path]:
    return sorted(DATA.glob(pattern))[::step]


@pytest.mark.parametrize(
    "path",
    [*sample("topics/*/*.pdf", 12), *sample("qa_pages/*.pdf", 12), *sample("whole/*.pdf", 1)],
    ids=lambda path: path.name,
)
def test_every_figure_of_a_filing_is_read_as_it_stands(path: Path) -> None:
    import pypdfium2

    before: Counter[str] = Counter()
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            text = page.get_textpage().get_text_range()
            before.update(FIGURE.findall(text.replace("\ufffe", "-").replace("\x02", "-")))

    after = Counter(FIGURE.findall(read_pages(path).text))

    assert before == after


def test_columns_are_not_interleaved() -> None:
    page = read_pages(DATA / "whole" / "irs_p334.pdf").pages[5]
    text = " ".join(page.text.split())

    assert "You must put this number on each of your individual income tax forms" in text
    assert "SSN from each of them. Record the name and SSN of each employee exactly" in text


def test_lines_that_pdfium_runs_together_are_parted() -> None:
    page = read_pages(DATA / "topics/SEC_1A_Risk_Factors/NIKE_2021_10K_p13-17.pdf").pages[1]

    assert not any(re.search(r"\S +\u2022", line.text) for line in page.lines)


def test_a_footnote_has_the_size_of_its_words_and_not_of_its_mark() -> None:
    path = DATA / "topics/ASC_320_Investments_Securities/INTEL_2020_10K_p93-94.pdf"
    lines = read_pages(path).pages[1].lines
    begins = ("1  Sale of equity investments and other includes", "on sales of non-marketable")
    sizes = {line.size for line in lines if line.text.startswith(begins)}

    assert len(sizes) == 1


def test_a_file_cut_anywhere_never_breaks_the_batch(tmp_path: Path) -> None:
    source = (DATA / "tricky" / "pr-138-example.pdf").read_bytes()
    steps = range(0, len(source), max(1, len(source) // 25))
    with Readers.opened(1, ReadingLimits()) as readers:
        for size in steps:
            path = tmp_path / f"{size}.pdf"
            path.write_bytes(source[:size])
            document = Document(
                layer="a",
                name=path.name,
                path=str(path),
                digest=file_digest(path),
                format="pdf",
                origin="raw",
            )
            pages = readers.read(document)

            assert pages.problem in {None, "not_pdf", "corrupt", "encrypted", "no_pages"}
