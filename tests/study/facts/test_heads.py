"""Heads of columns: what each is said of, and when."""

from printed import answers, page, placed, reasons, row, rows_of, table, text


def test_a_date_over_rows_says_when_they_are_of() -> None:
    one = table(
        text(124, "June 30, 2022"),
        row(136, "Cash and cash equivalents", "$5", "$6", "$7"),
        text(148, "June 30, 2021"),
        row(160, "Cash and cash equivalents", "$8", "$9", "$10"),
        heads=("Cost", "Gains", "Losses"),
        lead="Our investments were as follows (in millions):",
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}
    question = "In Amcor's investments, what were cash and cash equivalents (Gains) at June 30, {}?"
    assert asked[question.format(2022)] == "$6 million"
    assert asked[question.format(2021)] == "$9 million"


def test_a_year_is_said_with_the_day_that_the_head_gives() -> None:
    one = page(
        text(100, "The components of our lease cost are as follows (in millions):"),
        text(112, "Years ended June 30,", left=400),
        row(124, "", "2022", "2021", "2020"),
        row(136, "Operating lease cost", "$128", "$97", "$88"),
    )

    said = {got.question for got in rows_of(one) if got.answer == "$97 million"}
    assert any("for the year ended June 30, 2021" in question for question in said)
    assert any("in fiscal 2021" in question for question in said)


def test_a_year_that_ends_in_january_is_named_by_its_day_alone() -> None:
    one = page(
        text(100, "The components of our lease cost are as follows (in millions):"),
        text(112, "Years ended January 31,", left=400),
        row(124, "", "2022", "2021", "2020"),
        row(136, "Operating lease cost", "$128", "$97", "$88"),
    )

    assert rows_of(one)
    assert not any("fiscal 2021" in got.question for got in rows_of(one))


def test_a_beginning_balance_is_not_of_the_day_that_ends_its_period() -> None:
    one = table(
        row(124, "Allowance at beginning of period", "$5", "$6", "$7"),
        heads=("Jun 30, 2022", "Jun 30, 2021", "Jun 30, 2020"),
        lead="Our allowances were as follows (in millions):",
    )

    [asked] = [got.question for got in rows_of(one) if got.answer == "$6 million"][:1]
    assert "for the period ended June 30, 2021" in asked


def test_a_year_in_a_name_says_not_when() -> None:
    one = page(
        text(100, "Our restructuring expenses were as follows (in millions):"),
        placed(112, ("2018 Packaging Plan", 300.0), ("2019 Bemis Plan", 450.0)),
        placed(124, ("Expense incurred to date", 20.0), ("$121", 360.0), ("$213", 505.0)),
    )

    assert not answers(one)
    assert "unclear-head" in reasons(one)


def test_a_balance_at_a_day_is_asked_for_with_what_it_is_of() -> None:
    one = table(
        row(124, "Balance at June 30, 2022", "$5", "$6", "$7"),
        heads=("North", "South", "West"),
        lead="Changes in goodwill were as follows (in millions):",
    )

    asked = [got.question for got in rows_of(one)]
    assert asked
    assert all("changes in goodwill" in question for question in asked)


def test_the_end_of_the_sentence_over_a_table_is_no_head_of_it() -> None:
    one = page(
        text(100, "The following table summarizes our goodwill activity of all segments and units"),
        text(112, "(in millions):"),
        row(124, "", "2022", "2021", "2020"),
        row(136, "Translation adjustments of foreign units", "$128", "$97", "$88"),
    )

    assert "$97 million" in answers(one)


def test_of_two_rows_of_one_name_none_is_asked_for() -> None:
    one = table(
        row(124, "Total operating lease cost", "$128", "-", "$88"),
        row(136, "Total operating lease cost", "-", "$97", "-"),
    )

    assert not answers(one)
    assert "ambiguous" in reasons(one)


def test_a_row_of_dashes_does_not_end_its_table() -> None:
    one = table(
        row(124, "Operating lease cost", "$128", "$97", "$88"),
        row(136, "Short-term lease cost", "-", "-", "-"),
        row(148, "Variable lease cost of stores", "18", "17", "16"),
    )

    assert "$17 million" in answers(one)
    assert not rows_of(page(row(124, "Short-term lease cost", "-", "-", "-")))


def test_a_scale_that_is_printed_with_wide_gaps_is_no_head() -> None:
    one = page(
        text(100, "The components of our lease cost are as follows:"),
        placed(112, *((word, 20.0 + 45.0 * n) for n, word in enumerate(
            ("(Dollars", "in", "millions", "-", "except", "shares)")))),
        row(124, "", "2022", "2021", "2020"),
        row(136, "Operating lease cost", "$128", "$97", "$88"),
    )  # fmt: skip

    assert "$97 million" in answers(one)
