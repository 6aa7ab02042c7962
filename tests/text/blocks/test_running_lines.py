"""Heads, feet and page numbers go; the document's own lines stay."""

import sheets

from lamina.text.blocks.running import without_running_lines


def kept(*pages: list[sheets.Line]) -> list[str]:
    read = [sheets.page(lines, number) for number, lines in enumerate(pages, 1)]
    return [line.text for _, lines in without_running_lines(read) for line in lines]


def test_heads_of_left_and_right_pages_differ_and_go() -> None:
    pages = [
        [sheets.line(["Manual", "Leasing"][n % 2], 30), sheets.line(f"Text {'abcdef'[n]}.", 300)]
        for n in range(6)
    ]

    assert kept(*pages) == [f"Text {letter}." for letter in "abcdef"]


def test_a_head_whose_page_number_changes_goes() -> None:
    pages = [
        [sheets.line(f"Annual report 2022  {n}", 30), sheets.line(f"Text {'abc'[n]}.", 300)]
        for n in range(3)
    ]

    assert kept(*pages) == ["Text a.", "Text b.", "Text c."]


def test_a_number_that_counts_with_the_pages_goes_wherever_the_page_ends() -> None:
    pages = [
        [sheets.line(f"Text {'ab'[n]}.", 100), sheets.line(str(90 + n), 300 + 40 * n)]
        for n in range(2)
    ]

    assert kept(*pages) == ["Text a.", "Text b."]


def test_a_lone_figure_that_does_not_count_stays() -> None:
    pages = [
        [sheets.line(f"Text under {figure}.", 300), sheets.line(figure, 500)]
        for figure in ("250", "17")
    ]

    assert {"250", "17"} <= set(kept(*pages))


def test_a_figure_beside_its_label_stays_at_the_very_foot() -> None:
    page = [sheets.line("Total", 785), sheets.line("250", 785, left=400)]

    assert kept(page) == ["Total", "250"]


def test_what_stands_outside_of_the_page_goes() -> None:
    page = [sheets.line("Printed 2 May", -60), sheets.line("Text.", 300), sheets.line("Job", 900)]

    assert kept(page) == ["Text."]


def test_a_lone_page_is_left_as_it_is() -> None:
    page = [sheets.line("Leasing manual", 30), sheets.line("Text.", 300)]

    assert kept(page) == ["Leasing manual", "Text."]


def test_a_head_of_six_lines_goes_as_a_whole() -> None:
    head = ["Contents", "Index", "Leasing Corporation", "Notes", "Continued", "May 31, 2019"]
    pages = [
        [
            *(sheets.line(text, 30 + 10 * n) for n, text in enumerate(head)),
            sheets.line(f"Text {word}.", 300),
        ]
        for word in ("one", "two", "three")
    ]

    assert kept(*pages) == ["Text one.", "Text two.", "Text three."]


def test_what_recurs_below_the_pages_own_text_stays() -> None:
    pages = [
        [
            *(sheets.line(f"Line {word} {n}.", 30 + 10 * n) for n in range(5)),
            sheets.line("Years ended December 31,", 100),
            *(sheets.line(f"Row {word} {n}.", 110 + 10 * n) for n in range(9)),
        ]
        for word in ("alpha", "beta", "gamma")
    ]

    assert kept(*pages).count("Years ended December 31,") == 3


def test_a_sentence_at_the_top_of_two_pages_of_eight_stays() -> None:
    sentence = "Based on the law as it stands and on what the company knows today of the fire"
    pages = [
        [sheets.line(sentence if n in {3, 5} else f"Page {letter}.", 60), sheets.line("x", 300)]
        for n, letter in enumerate("abcdefgh")
    ]

    assert kept(*pages).count(sentence) == 2


def test_a_foot_of_words_and_the_page_number_goes_wherever_the_text_ends() -> None:
    pages = [
        [
            sheets.line(f"Text {'abc'[n]}.", 100),
            sheets.line(f"2022 STATEMENTS {86 + n}", 300 + 90 * n),
        ]
        for n in range(3)
    ]

    assert kept(*pages) == ["Text a.", "Text b.", "Text c."]


def test_a_last_line_whose_year_counts_with_the_pages_stays() -> None:
    pages = [
        [
            sheets.line(f"Text {'ab'[n]}.", 100),
            sheets.line(f"Balance at the end of {2021 + n}", 300 + 90 * n),
        ]
        for n in range(2)
    ]

    assert "Balance at the end of 2021" in kept(*pages)


def test_a_lone_page_loses_the_line_that_names_the_filing() -> None:
    page = [
        sheets.line("Notes to Consolidated Financial Statements", 30),
        sheets.line("Text.", 300),
        sheets.line("103  Verizon 2022 Annual Report on Form 10-K", 780),
    ]

    assert kept(page) == ["Text."]


def test_a_sentence_about_the_filing_stays_at_the_end_of_a_page() -> None:
    page = [sheets.line("Text.", 300), sheets.line("See our Annual Report.", 780)]

    assert kept(page) == ["Text.", "See our Annual Report."]


def test_a_lone_number_in_the_outer_margin_goes() -> None:
    page = [sheets.line("Text.", 300), sheets.line("53", 500, left=575)]

    assert kept(page) == ["Text."]
