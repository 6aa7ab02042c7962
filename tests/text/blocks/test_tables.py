"""Labels over two lines, captions, and what is left of a page's furniture."""

import pytest
import sheets

from lamina.dataset.chunks import chunks
from lamina.text.blocks import blocks
from lamina.text.pages import Line

ROW_RIGHT = 500.0


def row(text: str, top: float, left: float = 50.0) -> Line:
    """A row as wide as the page's text."""
    return Line(text, left, ROW_RIGHT, top, 10.0)


def rows_of(*lines: Line) -> list[str]:
    return [block.text for block in blocks(sheets.pages(list(lines))) if block.kind == "row"]


def test_a_label_over_two_lines_is_one_row_with_its_figures() -> None:
    found = rows_of(sheets.line("Other income before", 100), row("taxes  179  248", 112))

    assert found == ["Other income before taxes  179  248"]


def test_a_label_that_goes_on_below_its_figures_is_one_row() -> None:
    found = rows_of(row("Amounts reclassified from  26  35", 100), sheets.line("income", 112))

    assert found == ["Amounts reclassified from income  26  35"]


@pytest.mark.parametrize(
    ("above", "step"),
    [("It was paid in full.", 12), ("Other income before", 40)],
)
def test_a_sentence_or_a_distant_line_is_no_label(above: str, step: float) -> None:
    found = rows_of(sheets.line(above, 100), row("taxes  179  248", 100 + step))

    assert found[-1] == "taxes  179  248"


def test_a_caption_between_rows_belongs_to_the_table() -> None:
    found = rows_of(
        row("Products  4,804  2,444", 100),
        sheets.line("Net sales by customer", 118),
        row("Government  8,176  3,519", 136),
    )

    assert found == ["Products  4,804  2,444", "Net sales by customer", "Government  8,176  3,519"]


def test_the_last_line_of_a_paragraph_is_no_caption() -> None:
    body = [
        sheets.line("The lease runs for five years and the rent that is due is shown below", 100),
        sheets.line("by year and by place", 112),
        row("2024  12  14", 136),
    ]

    assert rows_of(*body) == ["2024  12  14"]


def test_a_caption_is_never_the_last_thing_in_a_chunk() -> None:
    lines = [row(f"Product {n}  1,00{n}  2,00{n}", 100 + 12 * n) for n in range(4)]
    lines += [sheets.line("Net sales by customer", 148)]
    lines += [row(f"Customer {n}  1,00{n}  2,00{n}", 160 + 12 * n) for n in range(4)]

    pieces = [
        chunk.text for chunk in chunks(blocks(sheets.pages(lines)), sheets.count_words, limit=32)
    ]

    assert len(pieces) == 2
    assert pieces[1].startswith("Net sales by customer\n")


def test_a_table_of_words_that_goes_on_repeats_its_first_row_only() -> None:
    lines = [row("Rule  Value", 100)]
    lines += [row(f"Approver of matter {n}  Nils Quist", 112 + 12 * n) for n in range(8)]

    pieces = [
        chunk.text for chunk in chunks(blocks(sheets.pages(lines)), sheets.count_words, limit=40)
    ]

    assert all(piece.startswith("Rule  Value\n") for piece in pieces)
    assert sum(piece.count("Nils Quist") for piece in pieces) == 8


def test_links_and_drawn_rules_are_no_text() -> None:
    found = blocks(sheets.pages(["Table of Contents", "Leases are measured.", "______________"]))

    assert [block.text for block in found] == ["Leases are measured."]


def test_a_centred_number_below_the_text_is_a_page_number_however_short_the_page() -> None:
    middle = Line("103", sheets.WIDTH / 2 - 8, sheets.WIDTH / 2 + 8, 200, 10)

    found = blocks(sheets.pages([sheets.line("Leases are measured.", 100), middle]))

    assert [block.text for block in found] == ["Leases are measured."]
