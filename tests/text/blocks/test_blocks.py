"""From printed lines to headings, paragraphs, rows and questions."""

import pytest
import sheets

from lamina.text.blocks import Block, blocks
from lamina.text.blocks.cells import is_row, row_text


def texts(found: list[Block], kind: str) -> list[str]:
    return [block.text for block in found if block.kind == kind]


def test_lines_become_a_paragraph_and_a_gap_ends_it() -> None:
    found = blocks(sheets.pages(["The lease runs for", "five years.", "", "It may end earlier."]))

    assert texts(found, "text") == ["The lease runs for five years.", "It may end earlier."]


def test_a_running_head_a_foot_and_the_page_number_are_left_out() -> None:
    sheet = [
        [
            sheets.line("Leasing manual", 30),
            sheets.line(f"The text of page {word} stands here.", 200),
            sheets.line(f"Group accounting, page {number}", 760),
            sheets.line(str(number), 780),
        ]
        for number, word in enumerate(["one", "two", "three"], start=1)
    ]

    found = blocks(sheets.pages(*sheet))

    assert [block.text for block in found] == [
        "The text of page one stands here.",
        "The text of page two stands here.",
        "The text of page three stands here.",
    ]


def test_a_sentence_that_recurs_in_the_middle_of_pages_stays() -> None:
    sheet = [sheets.line(f"{word} matter {index}.", 60 + 20 * index) for index, word in
             enumerate(["First", "Second", "Third", "Fourth", "Same", "Sixth", "Seventh", "Eighth",
                        "Ninth"])]  # fmt: skip

    found = blocks(sheets.pages(sheet[:4] + sheet[4:], [sheets.line("Same matter 4.", 140)] * 1))

    assert any("Same matter 4." in block.text for block in found)


def test_a_table_figure_at_the_foot_is_no_page_number() -> None:
    row = [sheets.line("Total", 770), sheets.line("250", 770, left=400)]

    found = blocks(sheets.pages(["Amounts are in thousands."], row))

    assert "250" in " ".join(block.text for block in found)


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("the depre-", "ciation of leases and depreciation", "the depreciation of"),
        ("a mid-", "sized company, mid-sized as others", "a mid-sized company"),
        ("a wind-", "down plan, as wind-down plans are", "a wind-down plan"),
        ("in Asia-", "Pacific sales", "in Asia-Pacific sales"),
        ("of non-", "current assets", "of non-current assets"),
        ("from 2019-", "2020 onwards", "from 2019-2020 onwards"),
        ("Non-", "GAAP measures", "Non-GAAP measures"),
        ("an amorti-", "zation schedule", "an amortization schedule"),
        ("the range -", "as agreed", "the range - as agreed"),
    ],
)
def test_a_hyphen_at_a_line_end_is_joined_or_kept(first: str, second: str, joined: str) -> None:
    (found,) = blocks(sheets.pages([first, second]))

    assert found.text.startswith(joined)


def test_a_paragraph_goes_on_over_a_page_break() -> None:
    found = blocks(sheets.pages(["The lease is measured at the"], ["present value of payments."]))

    assert [(block.text, block.pages) for block in found] == [
        ("The lease is measured at the present value of payments.", (1, 2))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Total assets $ 1,200 $ (340)",
        "Goodwill 2,110 1,980",
        "Cost of sales \u2014 45",
        "Rate 3.5 % 4.1 %",
    ],
)
def test_a_line_that_ends_in_figures_is_a_row(text: str) -> None:
    assert is_row(text)


@pytest.mark.parametrize(
    "text", ["The lease began in 2020", "It paid 12 to 15 dollars for it.", "on December 31, 2020"]
)
def test_a_sentence_with_figures_is_no_row(text: str) -> None:
    assert not is_row(text)


def test_a_label_and_one_figure_in_cells_of_their_own_are_a_row() -> None:
    assert is_row("Total net assets acquired  $3,286")


def test_cells_of_words_are_a_row_only_beside_other_cells() -> None:
    assert is_row("Approver  Nils Quist", ["Rule  Value"])
    assert not is_row("Approver  Nils Quist", ["The approver signs each lease."])


def test_a_bullet_is_no_cell() -> None:
    assert not is_row("\u2022  Gas chromatograph", ["\u2022  Mass spectrometer"])


def test_a_rows_currency_and_brackets_stay_with_their_figure() -> None:
    assert row_text("Cash  $  34  (12  )  5  %") == "Cash  $ 34  (12 )  5 %"
    assert row_text("Cash  $ 805 $  939") == "Cash  $ 805  $ 939"


def test_a_sentence_that_ends_with_a_figure_and_a_dash_is_no_row() -> None:
    text = (
        "reflected the release of all losses on foreign currencies; for it, refer to Note 20 \u2014"
    )

    assert not is_row(text)


def test_rows_stay_lines_of_their_own() -> None:
    found = blocks(sheets.pages(["Goodwill 2,110 1,980", "Other assets 65 70"]))

    assert texts(found, "row") == ["Goodwill 2,110 1,980", "Other assets 65 70"]


def test_blocks_know_the_headings_above_them() -> None:
    body = "Leases are measured at the present value of the payments to be made."
    found = blocks(
        sheets.pages(
            [
                sheets.line("Manual", 60, size=20),
                sheets.line("Scope", 100, size=13),
                sheets.line(body, 130),
                sheets.line("Rates", 160, size=13),
                sheets.line(body, 190),
            ]
        )
    )

    assert [block.heading for block in found if block.kind == "text"] == [
        ("Manual", "Scope"),
        ("Manual", "Rates"),
    ]


def test_markdown_headings_and_blank_lines_part_a_text_file() -> None:
    found = blocks(sheets.plain("# Manual\n\n## Scope\nLeases are\nmeasured.\n\nRates too."))

    assert [(block.kind, block.text, block.heading) for block in found] == [
        ("heading", "Manual", ()),
        ("heading", "Scope", ("Manual",)),
        ("text", "Leases are measured.", ("Manual", "Scope")),
        ("text", "Rates too.", ("Manual", "Scope")),
    ]


@pytest.mark.parametrize(("q", "a"), [("Q:", "A:"), ("Question:", "Answer:"), ("Q1:", "A1:")])
def test_a_question_and_its_answer_are_found_wrapped_or_not(q: str, a: str) -> None:
    found = blocks(
        sheets.pages(
            [f"{q} How long does a lease", "run at most?", f"{a} For eighty-two", "months"]
        )
    )

    assert [(block.kind, block.question, block.text) for block in found] == [
        ("qa", "How long does a lease run at most?", "For eighty-two months")
    ]


def test_a_heading_over_questions_goes_with_them() -> None:
    found = blocks(
        sheets.plain("# Questions\n\nQ: Who signs?\n\nA: Nils Quist\n\n# Rates\n\nNone.")
    )

    assert [(block.kind, block.heading) for block in found] == [
        ("qa", ("Questions",)),
        ("heading", ()),
        ("text", ("Rates",)),
    ]


def test_a_question_without_an_answer_stays_text() -> None:
    found = blocks(sheets.pages(["Q: How long does a lease", "run?", "", "Nobody", "knows."]))

    assert [block.kind for block in found] == ["text", "text"]
