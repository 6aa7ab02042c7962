"""Figures of tables with all that a question must name: row, column, period, scale, sign."""

import pytest
from printed import answers, page, placed, reasons, row, rows_of, table, text


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


def test_a_caption_is_over_when_its_indent_is() -> None:
    one = table(
        text(124, "Finance lease cost:"),
        row(136, "Amortization of lease assets", "$2", "$11", "$1", left=30),
        row(148, "Variable lease cost of stores", "$3", "$12", "$4"),
    )

    asked = {got.answer: got.question for got in rows_of(one) if got.wording == 0}
    assert "(Finance lease cost)" in asked["$11 million"]
    assert "(Finance lease cost)" not in asked["$12 million"]


def test_a_row_below_the_total_of_its_caption_may_stand_under_nothing() -> None:
    one = table(
        text(124, "Change in plan assets:"),
        row(136, "Employer contributions", "$2", "$11", "$1", left=30),
        row(148, "Ending balance of plan assets", "$3", "$12", "$4", left=30),
        row(160, "Unfunded status of the plans", "$5", "$13", "$6", left=30),
    )

    assert "unclear-caption" in reasons(one)
    assert not any(got.answer == "$13 million" for got in rows_of(one))


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


def test_a_figure_across_two_columns_is_of_none() -> None:
    one = table(
        row(124, "Operating lease cost", "$128", "$97", "$88"),
        row(136, "Variable lease cost", "", "1,000,000,000,000,000,000", "4"),
    )

    assert not answers(one)
    assert "merged-cells" in reasons(one)


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


def test_a_column_that_classifies_does_not_name_the_row() -> None:
    one = page(
        text(100, "The components of net lease cost were as follows (in millions):"),
        placed(112, ("Classification", 150.0), ("2022", 440.0), ("2021", 520.0)),
        placed(124, ("Operating lease cost (1)", 20.0), ("Cost of services", 150.0)),
        placed(133, ("Selling expense", 150.0), ("$5,248", 430.0), ("$5,016", 510.0)),
        placed(145, ("Sublease income", 20.0), ("Sales", 150.0), ("(19)", 440.0), ("(16)", 520.0)),
        placed(157, ("Variable lease cost (1)", 20.0), ("Cost of services", 150.0)),
        placed(166, ("Selling expense", 150.0), ("307", 445.0), ("295", 525.0)),
    )  # fmt: skip

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}

    assert asked["What was Amcor's operating lease cost in fiscal 2022?"] == "$5,248 million"
    assert asked["What was Amcor's variable lease cost in fiscal 2021?"] == "$295 million"
    assert not any("elling" in question for question in asked)


def test_words_without_a_head_or_among_rows_of_one_name_are_asked_for() -> None:
    def asked(head: str, *labels: str) -> list[str]:
        one = page(
            text(100, "Our issued notes were as follows (in millions):"),
            placed(112, *[(head, 200.0)] * bool(head), ("2022", 440.0), ("2021", 520.0)),
            *(
                placed(124 + 12 * n, (label, 20.0), (due, 200.0), ("$128", 440.0), ("$97", 520.0))
                for n, (label, due) in enumerate(zip(labels, ("Secured", "Unsecured"), strict=True))
            ),
        )
        return [got.question for got in rows_of(one) if got.wording == 0]

    def named(head: str, *labels: str) -> int:
        return sum("ecured" in question for question in asked(head, *labels))

    assert named("", "Senior notes", "Junior notes") == 4
    assert named("Ranking", "Senior notes", "Senior notes") == 4
    assert named("Ranking", "Senior notes", "Junior notes") == 0


def test_a_label_that_runs_into_the_words_beside_it_is_not_certain() -> None:
    one = page(
        text(100, "The components of net lease cost were as follows (in millions):"),
        placed(112, ("Classification", 150.0), ("2022", 440.0)),
        placed(124, ("Sublease income", 20.0), ("Service revenues", 150.0), ("$193", 435.0)),
        placed(136, ("Gain on a sale, net Selling expense", 20.0), ("391", 445.0)),
    )

    assert answers(one) == {"$193 million"}
    assert reasons(one) == {"unclear-label", "no-sentence"}


def test_a_column_of_adjustments_restates_and_one_of_translation_adjustments_does_not() -> None:
    def read(head: str) -> set[str]:
        heads = ("As before", head, "Total")
        return answers(
            table(
                row(124, "Balance at May 31, 2022", "$128", "$97", "$88"),
                lead="Changes in other income were as follows (in millions):",
                heads=heads,
            )
        )

    assert not read("Adjustments")
    assert "$97 million" in read("FX adjustments")
