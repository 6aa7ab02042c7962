"""Whatever a page holds: no error, no answer that it does not hold, no more time than its lines."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed import page, placed, row, rows_of, text

from lamina.text.pages import Line

FIGURE = re.compile(r"\d[\d,.]*\d|\d")
WORDS = st.sampled_from(
    ["Net income", "(in millions)", "2022", "2021", "June 30,", "Years ended", "Total", "$",
     "1,234", "1,2345", "12,5", "(1)", "(a)", "\u2014", "%", "3.7%", "N/A", "$ 12", "12 $", ")",
     "We recognize", "we had $5 million", "as follows:", "Domestic", "", " ", "((((", "\u00b9",
     "4 - 5 years", "In 2022, sales were $4 million.", "ABC (ABC)", "each", "\u0661\u0662", "\x00",
     "(", "(5)", "9" * 40]
)  # fmt: skip
PLACES = st.floats(-50, 700, allow_nan=False)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    cells = draw(st.lists(st.tuples(WORDS | st.text(max_size=12), PLACES), min_size=1, max_size=6))
    top = draw(st.sampled_from([100.0, 105.0, 112.0, 124.0, 136.0, 148.0]) | PLACES)
    made = placed(top, *cells)
    size = draw(st.sampled_from([0.0, 5.5, 10.0, 30.0]))
    is_placed = draw(st.booleans())
    return made._replace(size=size, cells=made.cells if is_placed else ())


@given(st.lists(lines(), max_size=14))
def test_any_page_gives_rows_whose_figures_stand_on_it(found: list[Line]) -> None:
    one = page(*found)

    for got in rows_of(one):
        for figure in FIGURE.findall(got.answer):
            assert figure in one.text


def _rows(count: int) -> list[Line]:
    return [row(12.0 * n, f"Cost of item {n} of many", "$12", "$13", "$14") for n in range(count)]


def _tables(count: int) -> list[Line]:
    made = []
    for n in range(count // 3):
        made += [
            text(36.0 * n, "Costs are as follows (in millions):"),
            row(36.0 * n + 12, "", "2022", "2021", "2020"),
            row(36.0 * n + 24, f"Cost of item {n}", "$1", "$2", "$3"),
        ]
    return made


def _labels(count: int) -> list[Line]:
    return [row(0, "Cost", "1", "2", "3"), *(text(12.0 * n, "Cost of a") for n in range(1, count))]


def _heads(count: int) -> list[Line]:
    return [row(12.0 * n, "", "2022", "2021", "2020") for n in range(count)]


def _columns(count: int) -> list[Line]:
    return [placed(12.0 * n, ("Cost", 0.0), (f"{n}", 50.0 + 20.0 * n)) for n in range(count)]


def _one_height(count: int) -> list[Line]:
    return [placed(100.0, (f"Cost {n}", 9.0 * n), ("5", 9.0 * n + 4)) for n in range(count)]


def _sentences(count: int) -> list[Line]:
    return [text(12.0 * n, f"In 2022, sales of item {n} were $4 million.") for n in range(count)]


def _one_paragraph(count: int) -> list[Line]:
    return [text(12.0 * n, "We had, (and have ABC) 5,000 of the A B") for n in range(count)]


@pytest.mark.parametrize(
    "made",
    [_rows, _tables, _labels, _heads, _columns, _one_height, _sentences, _one_paragraph],
)
def test_a_page_of_ten_thousand_lines_takes_no_more_than_its_share(
    made: Callable[[int], list[Line]],
) -> None:
    def seconds(count: int) -> float:
        one = page(*made(count))
        begin = time.process_time()
        rows_of(one)
        return time.process_time() - begin

    seconds(100)

    assert seconds(10_000) < 12 * seconds(2_000) + 1


def test_one_line_of_a_million_characters_is_read_in_its_stride() -> None:
    begin = time.process_time()
    for words in ("a" * 10**6, "( " * 10**6, "1,2" * 10**6, "We had 5 of . " * 10**5, ". " * 10**6):
        rows_of(page(text(100, words), row(112, words[:50_000], "$1", "$2", "$3")))

    assert time.process_time() - begin < 60
