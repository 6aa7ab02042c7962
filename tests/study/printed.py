"""Pages as the reader gives them: rows with their cells' places, heads, running text."""

from lamina.study.facts import facts_of
from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.text.pages import CELL_BORDER, Line, Page

SIZE = 10.0
STEP = 12.0
LEFT = 20.0
RIGHTS = (380.0, 460.0, 540.0)  # where columns of figures end
WIDTH = 5.0  # of a character


def placed(top: float, *cells: tuple[str, float]) -> Line:
    """A line of cells, each with its left edge."""
    places = tuple((left, left + WIDTH * len(text)) for text, left in cells)
    text = CELL_BORDER.join(text for text, _ in cells)
    cells_of = places if len(cells) > 1 else ()
    return Line(text, places[0][0], places[-1][1], top, SIZE, cells_of)


def row(top: float, label: str, *figures: str, left: float = LEFT) -> Line:
    """A label and figures that end where their columns do; an empty figure is no cell."""
    cells = [(label, left)] if label else []
    rights = RIGHTS[-len(figures) :]
    cells += [
        (text, right - WIDTH * len(text))
        for text, right in zip(figures, rights, strict=True)
        if text
    ]
    return placed(top, *cells)


def text(top: float, words: str, left: float = LEFT) -> Line:
    """A line of running text."""
    return Line(words, left, left + WIDTH * len(words), top, SIZE)


def page(*lines: Line) -> Page:
    return Page(number=1, kind="table", width=612.0, height=792.0, lines=lines)


def table(*rows: Line, lead: str = "", heads: tuple[str, ...] = ("2022", "2021", "2020")) -> Page:
    """A table of yearly columns under a sentence that leads to it."""
    above = [text(100, lead or "The components of our lease cost are as follows (in millions):")]
    return page(*above, row(112, "", *heads), *rows)


def found(
    one: Page, company: str = "Amcor", period: str = "fiscal 2022"
) -> list[StudyRow | Dropped]:
    passage = Passage(document="d", file="f.pdf", page=one, company=company, period=period)
    return list(facts_of(passage))


def rows_of(one: Page, company: str = "Amcor", period: str = "fiscal 2022") -> list[StudyRow]:
    return [got for got in found(one, company, period) if not isinstance(got, Dropped)]


def answers(one: Page) -> set[str]:
    """The answers of the facts asked for."""
    return {got.answer for got in rows_of(one) if got.kind == "fact" and got.wording == 0}


def reasons(one: Page) -> set[str]:
    return {got.reason for got in found(one) if isinstance(got, Dropped)}


def said(*sentences: str) -> Page:
    """A page of one paragraph."""
    return page(*(text(100 + STEP * n, one) for n, one in enumerate(sentences)))
