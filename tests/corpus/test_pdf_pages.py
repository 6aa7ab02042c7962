"""What PDFium gives, as lines with cells and places."""

from pathlib import Path

import paper
import pytest
from reportlab.pdfgen.canvas import Canvas

from lamina.corpus.pages import plumber, read_pages


def draw(path: Path, *strings: tuple[float, float, str], rotation: int = 0) -> Path:
    canvas = Canvas(str(path), pagesize=(595, 842), invariant=1)
    canvas.setPageRotation(rotation)
    canvas.setFont("Helvetica", 10)
    for x, y, text in strings:
        canvas.drawString(x, y, text)
    canvas.showPage()
    canvas.save()
    return path


def lines(path: Path) -> list[str]:
    return [line.text for page in read_pages(path).pages for line in page.lines]


def test_cells_drawn_column_by_column_are_rows(tmp_path: Path) -> None:
    path = draw(
        tmp_path / "x.pdf",
        (72, 700, "Cash"),
        (72, 680, "Long-term debt"),
        (300, 700, "1,234"),
        (300, 680, "(56)"),
    )

    assert lines(path) == ["Cash  1,234", "Long-term debt  (56)"]


def test_a_row_says_where_each_of_its_cells_stands(tmp_path: Path) -> None:
    path = draw(tmp_path / "x.pdf", (72, 700, "Cash"), (300, 700, "1,234"), (400, 700, "(56)"))

    [line] = read_pages(path).pages[0].lines

    assert line.text == "Cash  1,234  (56)"
    assert [round(left) for left, _ in line.cells] == [72, 300, 400]
    assert all(left < right for left, right in line.cells)


def test_a_line_of_one_cell_names_no_places(tmp_path: Path) -> None:
    path = draw(tmp_path / "x.pdf", (72, 700, "Cash is counted once a year."))

    assert read_pages(path).pages[0].lines[0].cells == ()


@pytest.mark.parametrize("shift_pt", [0.0, 0.3])
def test_text_drawn_twice_to_look_bold_is_read_once(tmp_path: Path, shift_pt: float) -> None:
    text = "Total revenue 1,234"
    path = draw(tmp_path / "x.pdf", (72, 700, text), (72 + shift_pt, 700, text))

    assert lines(path) == [text]


def test_lines_have_their_place_from_the_top_left(tmp_path: Path) -> None:
    path = draw(tmp_path / "x.pdf", (72, 700, "Cash and cash equivalents"))

    (line,) = read_pages(path).pages[0].lines

    assert line.left == pytest.approx(72, abs=2)
    assert line.top == pytest.approx(842 - 710, abs=4)
    assert line.right == pytest.approx(72 + 118, abs=6)
    assert 9 < line.size < 14


@pytest.mark.parametrize(
    ("rotation", "origin"), [(0, (0, 0)), (90, (842, 0)), (180, (595, 842)), (270, (0, 595))]
)
def test_a_table_on_a_turned_page_is_read_as_it_is_shown(
    tmp_path: Path, rotation: int, origin: tuple[float, float]
) -> None:
    canvas = Canvas(str(tmp_path / "x.pdf"), pagesize=(595, 842), invariant=1)
    canvas.setPageRotation(rotation)
    canvas.translate(*origin)
    canvas.rotate(rotation)
    canvas.setFont("Helvetica", 10)
    for x, y, text in ((50, 400, "Cash"), (50, 380, "Debt"), (300, 400, "34"), (300, 380, "(5)")):
        canvas.drawString(x, y, text)
    canvas.save()

    page = read_pages(tmp_path / "x.pdf").pages[0]

    first, second = page.lines
    assert (first.text, second.text) == ("Cash  34", "Debt  (5)")
    assert second.top - first.top == pytest.approx(20, abs=1)
    assert (first.left, first.right) == (pytest.approx(50, abs=2), pytest.approx(311, abs=3))
    assert first.top == pytest.approx(page.height - 410, abs=4)
    assert 9 < first.size < 14


def test_pdfplumber_gives_the_same_lines_in_the_same_places(tmp_path: Path) -> None:
    path = paper.write_pdf(tmp_path / "x.pdf", [paper.PROSE])
    ours = read_pages(path).pages[0].lines
    with plumber.opened(path) as document:
        page = plumber.read_page(document, 1, "a test asked for it")

    assert page
    assert [line.text for line in page.lines] == [line.text for line in ours]
    assert [line.top for line in page.lines] == pytest.approx([li.top for li in ours], abs=4)
    assert (page.reader, page.why) == ("pdfplumber", "a test asked for it")


def test_the_date_of_a_document_is_known(tmp_path: Path) -> None:
    path = paper.write_pdf(tmp_path / "x.pdf", [paper.PROSE])

    assert read_pages(path).created == "20000101000000"  # ReportLab's date where none is wanted
