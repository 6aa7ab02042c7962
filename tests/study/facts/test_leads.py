"""What a table is of: by the sentence that leads to it, the caption over its rows, the report."""

import pytest
from printed import page, placed, reasons, row, rows_of, table, text

YEARS = ("2022", "2021", "2020")


def test_a_lead_that_says_when_in_its_middle_says_what_the_table_is_of() -> None:
    one = table(
        row(124, "Raw materials", "$905", "$809", "$700"),
        lead="Inventories are summarized at June 30, 2022, 2021 and 2020 as follows (in millions):",
        heads=("2022", "2021", "2020"),
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}
    assert any("inventories" in question and "2022" in question for question in asked)
    assert "$905 million" in asked.values()


def test_rows_without_a_lead_are_of_the_caption_that_they_stand_under() -> None:
    one = table(
        text(124, "INVENTORIES:"),
        row(136, "Greater China", "$693", "$580", "$500", left=30),
        lead="(in millions)",
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}
    assert asked == {
        f"In Amcor's inventories, what was Greater China in fiscal {year}?": answer
        for year, answer in ((2022, "$693 million"), (2021, "$580 million"), (2020, "$500 million"))
    }


@pytest.mark.parametrize(
    ("lead", "told"),
    [
        (
            "The Company's maturity analysis of lease liabilities was as follows (in millions):",
            "maturity analysis of lease liabilities",
        ),
        ("Future rents at December 31 were as follows (in millions):", "future rents"),
        (
            "At May 31, 2022, future rents (as contracted for) were (in millions) (1):",
            "future rents",
        ),
        ("Leases: The following table shows future rents (in millions):", "future rents"),
        ("Future rents follow (in millions):", "future rents"),
        (
            "The following table displays details of equipment, which is at cost (in millions):",
            "equipment",
        ),
    ],
)
def test_what_a_table_is_of_is_read_from_its_lead(lead: str, told: str) -> None:
    rows = rows_of(table(row(124, "Raw materials", "$128", "$97", "$88"), lead=lead))

    assert rows[0].question == f"In Amcor's {told}, what were raw materials in fiscal 2022?"


@pytest.mark.parametrize(
    "lead",
    ["Future rents are classified as follows", "Changes in each component were as follows"],
)
def test_a_lead_that_names_nothing_says_nothing(lead: str) -> None:
    one = table(row(124, "Raw materials", "$1", "$2", "$3"), lead=f"{lead} (in millions):")

    assert not rows_of(one)


def test_years_to_come_are_of_the_report_that_tells_them() -> None:
    one = page(
        text(100, "The estimated amortization of patents is as follows:"),
        placed(112, ("Years", 20.0), ("(dollars in millions)", 440.0)),
        row(124, "2023", "$2,570"),
        row(136, "Thereafter", "998"),
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}

    place = "In Amcor's estimated amortization of patents, what was the amount"
    assert asked == {
        f"{place} for 2023 in the fiscal 2022 report?": "$2,570 million",
        f'{place} "Thereafter" in the fiscal 2022 report?': "$998 million",
    }
    assert not [got for got in rows_of(one, period="") if got.kind == "fact"]


def test_a_table_right_below_another_is_of_the_same() -> None:
    one = table(
        row(124, "Operating lease cost", "$128", "$97", "$88"),
        row(140, "", "2019", "2018", "2017"),
        row(152, "Operating lease cost", "$78", "$77", "$76"),
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}

    assert asked["What was Amcor's operating lease cost in fiscal 2022?"] == "$128 million"
    assert asked["What was Amcor's operating lease cost in fiscal 2017?"] == "$76 million"


@pytest.mark.parametrize("is_alone", [False, True])
def test_a_table_right_below_another_has_the_scale_that_it_says_itself(is_alone: bool) -> None:
    years = [("2019", 360.0), ("2018", 440.0), ("2017", 520.0)]
    scale = ("(in millions)", 20.0)
    heads = [placed(148, scale), placed(160, *years)] if is_alone else [placed(148, scale, *years)]
    one = table(
        row(124, "Operating lease cost of stores", "$128", "$97", "$88"),
        *heads,
        row(172, "Variable lease cost of stores", "$18", "$17", "$16"),
        lead="The components of our lease cost are as follows (in thousands):",
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}

    assert asked["What was Amcor's operating lease cost of stores in fiscal 2022?"] == (
        "$128 thousand"
    )
    assert asked["What was Amcor's variable lease cost of stores in fiscal 2019?"] == "$18 million"


def test_dates_over_the_rows_of_columns_that_come_again_are_those_of_the_table_below() -> None:
    places = [("Leases", 350.0), ("Loans", 435.0), ("Bonds", 515.0)]
    one = page(
        text(100, "The components of our debt at June 30, 2022 are as follows (in millions):"),
        placed(112, *places),
        row(124, "Fixed-rate debt of stores", "$128", "$97", "$88"),
        placed(140, *places),
        text(152, "June 30, 2021"),
        row(164, "Fixed-rate debt of stores", "$78", "$77", "$76"),
        placed(180, *places),
        row(192, "Fixed-rate debt of stores", "$68", "$67", "$66"),
    )

    asked = {got.answer: got.question for got in rows_of(one) if got.wording == 0}

    assert "June 30, 2022" in asked["$128 million"]
    assert "June 30, 2021" in asked["$78 million"]
    assert "$68 million" not in asked
    assert "no-period" in reasons(one)


@pytest.mark.parametrize(
    ("corner", "heads", "label", "figures", "reason"),
    [
        ("Liabilities", YEARS, "Current", ("$18", "$17", "$16"), "no-context"),
        ("", ("Asia", "Africa", "Europe"), "Revenues", ("$18", "$17", "$16"), "no-period"),
        ("", YEARS, "Cost of staff", ("18", "17", "16"), "no-context"),
        (
            "Stores ($ in millions)",
            YEARS,
            "Variable lease cost of stores",
            ("$18", "$17", "$16"),
            "no-context",
        ),
    ],
)
def test_a_table_right_below_another_that_may_be_of_something_else_has_nothing_of_it(
    corner: str, heads: tuple[str, ...], label: str, figures: tuple[str, ...], reason: str
) -> None:
    one = table(
        row(124, "Operating lease cost of stores", "$128", "$97", "$88"),
        row(140, corner, *heads),
        row(152, label, *figures),
        lead="The components of our lease cost are as follows (in thousands):",
    )

    answers = {got.answer for got in rows_of(one) if got.kind == "fact"}

    assert "$128 thousand" in answers
    assert not any(figures[0].strip("$") in answer.split("$")[-1].split() for answer in answers)
    assert reason in reasons(one)


def test_the_scale_of_a_table_is_not_that_of_another_right_below_it() -> None:
    one = table(
        row(124, "Operating lease cost of stores", "$128", "$97", "$88"),
        row(140, "Stores", "2022", "2021", "2020"),
        text(152, "Leased stores:"),
        row(164, "Number of square feet", "118,000", "117,000", "116,000", left=30),
        lead="The components of our lease cost are as follows (in thousands):",
    )

    assert not any("118,000" in got.answer for got in rows_of(one) if got.kind == "fact")
    assert "vague-scale" in reasons(one)


def test_what_stands_right_below_a_restated_table_may_be_restated_too() -> None:
    one = table(
        row(124, "Operating lease cost of stores", "$128", "$97", "$88"),
        row(140, "Leases (in millions)", "2022", "2021", "2020"),
        text(152, "Leases of stores:"),
        row(164, "Variable lease cost", "$18", "$17", "$16", left=30),
        lead="The components of our lease cost, as restated, are as follows (in thousands):",
    )

    assert not [got for got in rows_of(one) if got.kind == "fact"]


def test_generic_rows_are_asked_for_under_a_caption_that_says_what_they_are() -> None:
    def asked(caption: str) -> list[str]:
        one = table(
            text(124, caption),
            row(136, "Operating leases", "26", "29", "28", left=30),
            lead="As is",
        )
        return [got.question for got in rows_of(one) if got.wording == 0]

    of = "weighted-average remaining lease term"
    assert asked("Weighted-average remaining lease term (years)")[0] == (
        f'In Amcor\'s {of}, what was "Operating leases" in fiscal 2022?'
    )
    assert not asked("Assets")
