"""Figures of tables with all that a question must name: row, column, period, scale, sign."""

import pytest
from printed import answers, page, reasons, row, rows_of, table, text


def test_a_row_is_asked_for_by_company_and_year_with_scale_and_sign() -> None:
    rows = rows_of(table(row(124, "Operating lease cost", "$128", "$(97)", "$88")))

    asked = {one.question: one.answer for one in rows if one.wording == 0}
    assert asked == {
        "What was Amcor's operating lease cost in fiscal 2022?": "$128 million",
        "What was Amcor's operating lease cost in fiscal 2021?": "$(97) million",
        "What was Amcor's operating lease cost in fiscal 2020?": "$88 million",
    }


def test_one_fact_has_at_least_six_wordings_that_each_name_whom_and_when() -> None:
    rows = rows_of(table(row(124, "Operating lease cost", "$128", "$97", "$88")))

    same = [one for one in rows if one.answer == "$128 million" and one.kind == "fact"]
    assert len({one.question for one in same}) >= 6
    assert len({one.group for one in same}) == 1
    assert all("Amcor" in one.question and "2022" in one.question for one in same)


def test_the_reverse_is_asked_only_where_the_answer_names_one_item() -> None:
    one = table(
        row(124, "Operating lease cost", "$128", "$97", "$88"),
        row(136, "Short-term lease cost", "17", "97", "12"),
    )

    backwards = {got.question: got.answer for got in rows_of(one) if "stood at" in got.question}
    assert backwards["Which item of Amcor stood at $128 million in fiscal 2022?"] == (
        "operating lease cost"
    )
    assert not any("$97 million" in question for question in backwards)


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


def test_nested_labels_are_asked_for_with_what_they_stand_under() -> None:
    one = table(
        text(124, "Current tax expense:"),
        row(136, "Domestic", "$2", "$11", "$1", left=30),
        text(148, "Deferred tax expense:"),
        row(160, "Domestic", "(10)", "(1)", "7", left=30),
        lead="Income tax expense consisted of the following (in millions):",
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}
    assert asked[
        'In Amcor\'s income tax expense, what was "Domestic" (Current tax expense) in fiscal 2022?'
    ] == ("$2 million")
    assert asked[
        'In Amcor\'s income tax expense, what was "Domestic" (Deferred tax expense) in fiscal 2022?'
    ] == ("$(10) million")


def test_a_label_over_two_lines_is_one() -> None:
    one = table(
        text(124, "Total operating lease cost of continuing operations and"),
        row(136, "of discontinued ones", "$128", "$97", "$88"),
    )

    assert any(
        "operating lease cost of continuing operations and of discontinued ones" in got.question
        for got in rows_of(one)
    )


def test_amounts_per_share_take_no_scale_where_they_are_excepted() -> None:
    one = table(
        row(124, "Net income of the year", "$805", "$932", "$612"),
        row(136, "Basic earnings per share", "$0.53", "$0.60", "$0.38"),
        lead="Earnings per share were as follows (in millions, except per share data):",
    )

    assert {"$805 million", "$0.53"} <= answers(one)


def test_what_a_scale_excepts_is_as_it_is_printed() -> None:
    one = table(
        row(124, "Net income of the year", "$805", "$932", "$612"),
        row(136, "Weighted-average shares outstanding", "1,514,321", "1,553,010", "1,601,004"),
        lead="Earnings per share were as follows (in millions, except number of shares):",
    )

    assert {"$805 million", "1,514,321"} <= answers(one)


def test_a_price_takes_no_scale_whatever_its_table_says() -> None:
    one = table(
        row(124, "Weighted-average exercise price of options", "$10.20", "$9.80", "$9.10"),
        lead="Our options were as follows (in millions):",
    )

    assert answers(one) == {"$10.20", "$9.80", "$9.10"}


def test_a_caption_is_over_when_its_indent_is() -> None:
    one = table(
        text(124, "Finance lease cost:"),
        row(136, "Amortization of lease assets", "$2", "$11", "$1", left=30),
        row(148, "Variable lease cost of stores", "$3", "$12", "$4"),
    )

    asked = {got.answer: got.question for got in rows_of(one) if got.wording == 0}
    assert "(Finance lease cost)" in asked["$11 million"]
    assert "(Finance lease cost)" not in asked["$12 million"]


def test_shares_are_counted_and_not_money() -> None:
    one = table(
        row(124, "Net income of the year", "$805", "$932", "$612"),
        row(136, "Weighted-average shares outstanding", "1,514", "1,553", "1,601"),
        lead="Earnings per share were as follows (in millions, except per share data):",
    )

    assert "1,514 million" in answers(one)
    assert not any(answer.startswith("$1,514") for answer in answers(one))


def test_heads_over_all_columns_are_said_of_each() -> None:
    one = page(
        text(100, "Our lease liabilities were as follows (in millions):"),
        text(112, "December 31, 2021", left=405),
        row(124, "", "Operating", "Finance", "Total"),
        row(136, "Gross lease liabilities", "$66,269", "$25,866", "$92,135"),
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}
    assert asked["What were Amcor's gross lease liabilities (Finance) at December 31, 2021?"] == (
        "$25,866 million"
    )


@pytest.mark.parametrize(
    ("reason", "one"),
    [
        ("no-head", page(text(60, "Cost (in millions):"), row(120, "Operating lease cost", "$6"))),
        ("no-scale", table(row(124, "Operating lease cost of stores", "$8"), lead="C:",
                           heads=("2022",))),
        ("glued-mark", table(row(124, "Operating lease cost", "$1,2345", "$97", "$88"))),
        ("glued-mark", table(row(124, "Operating lease cost1", "$128", "$97", "$88"))),
        ("restated", table(row(124, "Operating lease cost", "$128", "$97", "$88"),
                           lead="Lease cost as restated is as follows (in millions):")),
        ("no-label", table(row(124, "Operating lease cost", "$128", "$97", "$88"),
                           row(136, "", "$128", "$97", "$88"))),
        ("bare-total", table(text(124, "Leases:"), row(136, "Total", "$128", "$97", "$88"))),
        ("no-unit", table(row(124, "Average discount rate", "4.2", "4.0", "3.9"))),
        ("no-period", table(row(124, "Operating lease cost", "$128", "$97", "$88"),
                            heads=("North", "South", "West"))),
        ("ambiguous", table(row(124, "Operating lease cost", "$128", "$97", "$88"),
                            row(136, "Operating lease cost", "$18", "$9", "$8"))),
        ("unclear-head", table(row(124, "Operating lease cost", "$128", "$97", "$88"),
                               heads=("2022", "2021", "Increase"))),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_dropped_with_its_reason(reason: str, one: object) -> None:
    assert reason in reasons(one)  # type: ignore[arg-type]


def test_the_total_of_a_plain_table_is_asked_for_by_what_the_table_is_of() -> None:
    one = table(
        row(124, "Operating lease cost", "$128", "$97", "$88"),
        row(136, "Total", "$138", "$98", "$89"),
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}
    question = "In Amcor's components of the lease cost, what was the total in fiscal 2022?"
    assert asked[question] == "$138 million"


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


def test_a_figure_across_two_columns_is_of_none() -> None:
    one = table(
        row(124, "Operating lease cost", "$128", "$97", "$88"),
        row(136, "Variable lease cost", "", "1,000,000,000,000,000,000", "4"),
    )

    assert not answers(one)
    assert "merged-cells" in reasons(one)


def test_a_text_over_the_middle_of_three_columns_may_be_of_all_or_of_one() -> None:
    one = page(
        text(100, "Our lease liabilities were as follows at June 30, 2022 (in millions):"),
        text(112, "Consumer", left=427),
        row(124, "", "Foods", "Goods", "Total"),
        row(136, "Gross lease liabilities", "$66,269", "$25,866", "$92,135"),
    )

    assert not answers(one)
    assert "unclear-head" in reasons(one)


def test_columns_that_nothing_tells_apart_are_not_read() -> None:
    one = page(
        text(100, "Our lease liabilities were as follows at June 30, 2022 (in millions):"),
        row(124, "", "Gains", "Losses", "Gains"),
        row(136, "Gross lease liabilities", "$66,269", "$25,866", "$92,135"),
    )

    assert not answers(one)
    assert "unclear-head" in reasons(one)


def test_a_page_with_decimal_commas_is_left_alone() -> None:
    one = table(row(124, "Operating lease cost", "1.128,5", "97,25", "88,0"))

    assert not rows_of(one)
    assert reasons(one) == {"foreign-figures"}


def test_roman_numerals_are_no_figures() -> None:
    one = table(row(124, "Chapter on leases", "iv", "xii", "L"))

    assert not answers(one)


def test_without_a_company_nothing_is_made() -> None:
    one = table(row(124, "Operating lease cost", "$128", "$97", "$88"))

    assert not rows_of(one, company="")


def test_a_dash_stands_for_no_figure() -> None:
    one = table(row(124, "Operating lease cost", "$128", "\u2014", "$88"))

    assert answers(one) == {"$128 million", "$88 million"}
