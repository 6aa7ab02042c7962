"""How a handbook's pages look: cover, running head and foot, wrapped lines, tables, a scan.

Long words are hyphenated at line ends on purpose, headings are larger, and a table is ruled: the
corpus stage meets what real handbooks hold. Values and questions are never hyphenated.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lamina.demo.sections import Section

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

PAGE_PT = (420.0, 595.0)  # A5, as pocket handbooks are
MARGIN_PT = 52.0
BODY, BODY_BOLD, BODY_PT = "Times-Roman", "Times-Bold", 10.5
LINE_PT = 13.5
VALUE_COLUMN_PT = 215.0
BREAKABLE = re.compile(r"(?!thousand|percent|account)[a-z]{7,}[.,]?")  # no word of a value
SHORTEST_PART = 3  # letters on either side of a hyphen
BORDER = re.compile(
    r"(?<=[aeiou])(?=[bcdfglmnprtv][aeiou])|(?<=[aeiou][lmnrst])(?=[bcdfgmpt][aeiou])"
)

Measure = Callable[[str], float]  # width of a text in points


def write_pdf(path: Path, title: str, company: str, sections: Iterable[Section]) -> None:
    """Write one handbook; its bytes depend on the arguments and ReportLab's version only."""
    from reportlab.pdfgen.canvas import Canvas  # only the demo needs ReportLab

    path.parent.mkdir(parents=True, exist_ok=True)
    canvas = Canvas(str(path), pagesize=PAGE_PT, invariant=1, pageCompression=0)
    canvas.setTitle(title)
    canvas.setAuthor(company)
    pages = _Pages(canvas, title, company)
    pages.cover()
    for number, section in enumerate(sections, start=1):
        pages.section(number, section)
    pages.close()


def write_scan(path: Path) -> None:
    """Write a one-page PDF that is only a picture of a page, as a scanner makes it."""
    from PIL import Image  # comes with ReportLab
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = 210, 297
    picture = Image.frombytes("L", (width, height), bytes(_grey_rows(width, height)))
    canvas = Canvas(str(path), pagesize=PAGE_PT, invariant=1, pageCompression=0)
    canvas.drawImage(ImageReader(picture), 0, 0, *PAGE_PT)
    canvas.save()


def wrap(text: str, width_pt: float, measure: Measure, *, hyphenate: bool) -> Iterator[str]:
    """Lines no wider than `width_pt`; with `hyphenate`, a long word may be cut by a hyphen."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".lstrip()
        if measure(longer) <= width_pt:
            line = longer
            continue
        head, tail = _cut(word, line, width_pt, measure) if hyphenate else ("", word)
        yield f"{line} {head}".strip()
        line = tail
    yield line


def _cut(word: str, line: str, width_pt: float, measure: Measure) -> tuple[str, str]:
    """Cut at the last border of syllables that fits; if none does, the head is empty."""
    if not BREAKABLE.fullmatch(word):
        return "", word
    borders = [match.start() for match in BORDER.finditer(word)]
    for border in reversed([b for b in borders if SHORTEST_PART <= b <= len(word) - SHORTEST_PART]):
        if measure(f"{line} {word[:border]}-") <= width_pt:
            return f"{word[:border]}-", word[border:]
    return "", word


def _grey_rows(width: int, height: int) -> Iterator[int]:
    """Light grey paper with dark bars where lines of words would be."""
    rows, columns = range(30, height - 30), range(20, width - 20)
    for row in range(height):
        for column in range(width):
            in_line = row in rows and column in columns and row % 9 in range(4)
            is_gap = (column * 7 + (row // 9) * 13) % 31 in range(7)
            yield 60 if in_line and not is_gap else 236 + (row * 31 + column * 17) % 12


class _Pages:
    """A cursor that moves down a page, and on to the next one when the page is full."""

    def __init__(self, canvas: "Canvas", title: str, company: str) -> None:
        self._canvas = canvas
        self._title = title
        self._company = company
        self._page = 1
        self._y = PAGE_PT[1] - MARGIN_PT

    def cover(self) -> None:
        """The first page: title, company, edition."""
        self._y -= 120
        self._line(self._title, BODY_BOLD, 20, 30)
        self._line(f"{self._company} Group Accounting", BODY, 13, 20)
        self._line("Internal edition", BODY, 11, 20)
        self._next_page()

    def section(self, number: int, section: Section) -> None:
        """A numbered heading and whatever the section holds."""
        self._keep_together(6)
        self._y -= 8
        self._line(f"{number}. {section.heading}", BODY_BOLD, 13, 20)
        for paragraph in section.paragraphs:
            self._paragraph(paragraph, hyphenate=True)
        if section.table:
            self._table(section.table)
        for question, answer in section.questions:
            self._keep_together(4)
            self._paragraph(f"Q: {question}", hyphenate=False, gap_pt=0)
            self._paragraph(f"A: {answer}", hyphenate=False)

    def close(self) -> None:
        """Finish the last page and write the file."""
        self._running_lines()
        self._canvas.save()

    def _paragraph(self, text: str, *, hyphenate: bool, gap_pt: float = 5.0) -> None:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        def measure(line: str) -> float:
            return float(stringWidth(line, BODY, BODY_PT))

        for line in wrap(text, PAGE_PT[0] - 2 * MARGIN_PT, measure, hyphenate=hyphenate):
            self._line(line, BODY, BODY_PT, LINE_PT)
        self._y -= gap_pt

    def _table(self, rows: tuple[tuple[str, str], ...]) -> None:
        self._keep_together(len(rows) + 2)
        for place, (label, value) in enumerate((("Rule", "Value"), *rows)):
            font = BODY_BOLD if place == 0 else BODY
            self._canvas.setFont(font, BODY_PT)
            self._canvas.drawString(MARGIN_PT + 4, self._y, label)
            self._canvas.drawString(MARGIN_PT + VALUE_COLUMN_PT, self._y, value)
            self._canvas.rect(
                MARGIN_PT, self._y - 4, PAGE_PT[0] - 2 * MARGIN_PT, LINE_PT + 1, stroke=1, fill=0
            )
            self._y -= LINE_PT + 1
        self._y -= 8

    def _line(self, text: str, font: str, size_pt: float, step_pt: float) -> None:
        if self._y < MARGIN_PT + 12:
            self._next_page()
        self._canvas.setFont(font, size_pt)
        self._canvas.drawString(MARGIN_PT, self._y, text)
        self._y -= step_pt

    def _keep_together(self, lines: int) -> None:
        if self._y < MARGIN_PT + 12 + lines * LINE_PT:
            self._next_page()

    def _next_page(self) -> None:
        self._running_lines()
        self._canvas.showPage()
        self._page += 1
        self._y = PAGE_PT[1] - MARGIN_PT

    def _running_lines(self) -> None:
        """Head and foot; the cover has none."""
        if self._page == 1:
            return
        self._canvas.setFont(BODY, 8)
        self._canvas.drawString(MARGIN_PT, PAGE_PT[1] - 30, self._title)
        self._canvas.drawRightString(PAGE_PT[0] - MARGIN_PT, PAGE_PT[1] - 30, "Internal use only")
        self._canvas.drawString(MARGIN_PT, 28, f"{self._company} Group Accounting")
        self._canvas.drawRightString(PAGE_PT[0] - MARGIN_PT, 28, f"Page {self._page}")
