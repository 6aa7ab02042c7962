from pathlib import Path

import pypdfium2
import pytest

from lamina.demo import handbooks
from lamina.demo.handbooks import Corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("demo")
    return handbooks.write_handbooks(root / "raw_pdfs", root / "questions")


@pytest.fixture(scope="session")
def texts(corpus: Corpus) -> dict[Path, str]:
    """Each PDF's text as PDFium reads it, hyphens at line ends healed, all blanks alike."""
    return {path: read(path) for path in corpus.pdfs}


def read(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return " ".join(" ".join(pages).replace("\ufffe", "").split())
