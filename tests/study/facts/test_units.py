"""What a figure is: money with its scale, a price, a count."""

import pytest
from printed import answers, reasons, row, table, text


def test_amounts_per_share_take_no_scale_where_they_are_excepted() -> None:
    one = table(
        row(124, "Net income of the year", "$805", "$932", "$612"),
        row(136, "Basic earnings per share", "$0.53", "$0.60", "$0.38"),
        lead="Earnings per share were as follows (in millions, except per share data):",
    )

    assert {"$805 million", "$0.53"} <= answers(one)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("net income in millions and shares in thousands", "17,352,119 thousand"),
        ("dollars and shares in millions", "17,352,119 million"),
        ("dollars in millions", "17,352,119"),
    ],
)
def test_shares_have_the_scale_that_is_said_of_them(scale: str, expected: str) -> None:
    one = table(
        row(124, "Weighted-average shares outstanding", "17,352,119", "1", "2"),
        lead=f"Earnings per share were as follows ({scale}):",
    )

    assert expected in answers(one)


def test_a_caption_of_amounts_per_share_excepts_only_what_has_cents() -> None:
    one = table(
        text(124, "Basic earnings per common share:"),
        row(136, "Net income of common shareholders", "$2,363", "$1,012", "$356", left=30),
        row(148, "Weighted-average shares outstanding", "1,226", "1,224", "1,223", left=30),
        row(160, "Net earnings of the year", "$1.93", "$0.83", "$0.29", left=30),
        lead="Earnings per share were as follows (in millions, except per share data):",
    )

    assert {"$2,363 million", "1,226 million", "$1.93"} <= answers(one)


def test_a_table_of_shares_has_no_money_in_it() -> None:
    one = table(
        row(124, "Balance of the class at end of year", "1,224", "1,301", "1,402"),
        row(136, "Cost of the plan that was set up", "$3", "$4", "$5"),
        lead="Shares of common stock outstanding were as follows (in millions):",
    )

    assert not any("1,224" in answer for answer in answers(one))


def test_shares_are_counted_and_not_money() -> None:
    one = table(
        row(124, "Net income of the year", "$805", "$932", "$612"),
        row(136, "Weighted-average shares outstanding", "1,514", "1,553", "1,601"),
        lead="Earnings per share were as follows (in millions, except per share data):",
    )

    assert "1,514 million" in answers(one)
    assert not any(answer.startswith("$1,514") for answer in answers(one))


def test_what_a_scale_excepts_is_as_it_is_printed() -> None:
    one = table(
        row(124, "Net income of the year", "$805", "$932", "$612"),
        row(136, "Weighted-average shares outstanding", "1,514,321", "1,553,010", "1,601,004"),
        lead="Earnings per share were as follows (in millions, except number of shares):",
    )

    assert {"$805 million", "1,514,321"} <= answers(one)


def test_a_figure_below_shares_is_not_money_for_the_signs_above_them() -> None:
    one = table(
        row(124, "Net income of the year", "$805", "$932", "$612"),
        row(136, "Weighted-average shares outstanding", "1,514", "1,553", "1,601"),
        row(148, "Dilutive effect of employee equity plans", "9", "12", "5"),
        lead="Earnings per share were as follows (in millions, except per share data):",
    )

    assert "$9 million" not in answers(one)
    assert "no-unit" in reasons(one)


def test_a_price_takes_no_scale_whatever_its_table_says() -> None:
    one = table(
        row(124, "Weighted-average exercise price of options", "$10.20", "$9.80", "$9.10"),
        lead="Our options were as follows (in millions):",
    )

    assert answers(one) == {"$10.20", "$9.80", "$9.10"}


def test_cents_of_a_row_that_may_be_per_share_are_no_answer() -> None:
    one = table(
        row(124, "Net earnings of the year", "$1.93", "$0.83", "$0.29"),
        lead="Earnings were as follows (in millions, except per share data):",
    )

    assert not answers(one)
    assert "vague-scale" in reasons(one)
