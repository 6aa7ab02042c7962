"""Pieces of rows are joined, columns of text are not."""

import pytest

from lamina.corpus.layout import is_figures, page_kind, with_whole_rows
from lamina.text.pages import Line


def piece(text: str, left: float, top: float, *, width: float = 60.0, size: float = 10.0) -> Line:
    return Line(text, left, left + width, top, size)


def joined(*pieces: Line) -> list[str]:
    return [line.text for line in with_whole_rows(pieces)]


def test_cells_of_figures_join_their_label_in_the_order_of_the_row() -> None:
    assert joined(
        piece("Goodwill", 50, 100), piece("1,980", 400, 101), piece("2,110", 300, 100)
    ) == ["Goodwill  2,110  1,980"]


def test_joined_pieces_keep_their_places_as_cells() -> None:
    [row] = with_whole_rows([piece("Goodwill", 50, 100), piece("1,980", 400, 101)])

    assert row.cells == ((50, 110), (400, 460))


def test_a_table_drawn_column_by_column_becomes_rows() -> None:
    labels = [piece(name, 50, 100 + 12 * n) for n, name in enumerate(["Cash", "Debt", "Total"])]
    figures = [piece(figure, 300, 100 + 12 * n) for n, figure in enumerate(["34", "(12)", "22"])]

    assert joined(*labels, *figures) == ["Cash  34", "Debt  (12)", "Total  22"]


def test_columns_of_running_text_are_never_joined() -> None:
    left = [piece(f"left words of line {n}", 50, 100 + 12 * n, width=200) for n in range(8)]
    right = [piece(f"right words of line {n}", 300, 100 + 12 * n, width=200) for n in range(8)]
    figure = piece("42", 300, 196)

    lines = joined(*left, piece("left words of line 8", 50, 196, width=200), *right, figure)

    assert "left words of line 8" in lines
    assert "42" in lines


def test_words_at_one_height_without_figures_stay_apart() -> None:
    heads = piece("Foreign Currency", 50, 100), piece("Total", 300, 100)

    assert joined(*heads, piece("Cash", 50, 112), piece("34", 300, 112)) == [
        "Foreign Currency",
        "Total",
        "Cash  34",
    ]


def test_a_raised_footnote_mark_joins_the_label_in_front_of_it() -> None:
    row = piece("Long-term debt  $  43", 50, 100, width=400, size=8)
    mark = piece("(c)", 118, 99, width=6, size=5)

    assert joined(row, mark) == ["Long-term debt (c)  $  43"]


def test_pieces_that_lie_upon_one_another_are_no_row() -> None:
    assert joined(piece("Draft", 50, 100), piece("12", 60, 100)) == ["Draft", "12"]


@pytest.mark.parametrize(
    "text", ["2,110", "(45)", "$ 34 %", "\u2014", "(a)", "n/a", "44-45", "12%"]
)
def test_figures_are_figures(text: str) -> None:
    assert is_figures(text)


@pytest.mark.parametrize("text", ["Goodwill", "2,110 shares", "Form V-82", ""])
def test_words_are_no_figures(text: str) -> None:
    assert not is_figures(text)


def test_a_long_run_of_figures_is_told_at_once() -> None:
    assert not is_figures("1,1.1-" * 20_000 + "x")


def test_a_page_of_rows_is_a_table() -> None:
    rows = [piece("Cash  34", 50, 100), piece("Debt  12", 50, 112), piece("Notes", 50, 130)]

    assert (page_kind(rows, 0), page_kind([], 0), page_kind(rows, 50)) == (
        "table",
        "blank",
        "garbled",
    )
