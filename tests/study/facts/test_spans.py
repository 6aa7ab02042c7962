"""Over which columns a head is said: one, some, all, or none for certain."""

from printed import answers, page, placed, reasons, row, rows_of, text

from lamina.text.pages import Line


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


def test_a_text_over_the_middle_of_three_groups_may_be_of_all_or_of_one() -> None:
    rights = (250.0, 300.0, 350.0, 400.0, 450.0, 500.0)

    def line(top: float, *cells: str) -> Line:
        placed_at = zip(cells, rights, strict=True)
        return placed(top, *((text, right - 5.0 * len(text)) for text, right in placed_at))

    years = ("2022", "2021") * 3
    one = page(
        text(100, "Benefit obligations were as follows (in millions):"),
        text(112, "Other", left=352),
        placed(124, ("Pension", 253.0), ("Postretirement", 335.0), ("Health", 455.0)),
        line(136, *years),
        placed(148, ("Service cost", 20.0), *zip(("$11", "$12", "$13", "$14", "$15", "$16"),
                                                 (235.0, 285.0, 335.0, 385.0, 435.0, 485.0),
                                                 strict=True)),
    )  # fmt: skip

    assert not answers(one)
    assert "unclear-head" in reasons(one)


def test_cells_that_stand_over_one_another_are_not_of_one_line() -> None:
    one = page(
        text(100, "The components of our lease cost are as follows (in millions):"),
        text(110, "Years ended June 30,", left=400),
        row(112, "", "2022", "2021", "2020"),
        row(124, "Operating lease cost", "$128", "$97", "$88"),
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}
    assert asked["What was Amcor's operating lease cost in fiscal 2021?"] == "$97 million"


def test_a_day_over_two_of_three_columns_is_of_these() -> None:
    one = page(
        text(100, "Our lease liabilities were as follows (in millions):"),
        placed(112, ("Balance at June 30,", 355.0)),
        placed(124, ("2022", 360.0), ("2021", 440.0)),
        row(136, "Gross lease liabilities", "$66,269", "$25,866", "3 years"),
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.wording == 0}
    assert asked == {
        "What were Amcor's gross lease liabilities at June 30, 2022?": "$66,269 million",
        "What were Amcor's gross lease liabilities at June 30, 2021?": "$25,866 million",
    }
    assert "no-head" in reasons(one)


def test_a_head_that_goes_on_below_is_its_columns_own() -> None:
    one = page(
        text(100, "Our lease liabilities were as follows at June 30, 2022 (in millions):"),
        text(112, "Sales-", left=432),
        text(124, "type", left=436),
        row(136, "", "Notes", "leases", "Total"),
        row(148, "Gross lease liabilities", "$66,269", "$25,866", "$92,135"),
    )

    asked = {got.answer: got.question for got in rows_of(one) if got.wording == 0}
    assert "(Sales- type leases)" in asked["$25,866 million"]
    assert "(Total)" in asked["$92,135 million"]


def test_a_head_beside_others_is_of_no_single_column_where_columns_are_alike() -> None:
    rights = (250.0, 300.0, 350.0, 420.0)
    one = page(
        text(100, "Income was as follows for fiscal 2022 (in millions):"),
        placed(112, ("Group", 280.0), ("Others", 400.0)),
        placed(124, *((text, right - 20.0) for text, right in zip(
            ("Tax", "Gross", "Net", "Net"), rights, strict=True))),
        placed(136, ("Other income of all companies", 20.0), *((f"${n}11", right - 20.0)
               for n, right in enumerate(rights, start=1))),
    )  # fmt: skip

    assert not answers(one)
    assert "unclear-head" in reasons(one)


def test_heads_over_columns_that_come_again_are_of_a_round_each() -> None:
    rights = (250.0, 300.0, 400.0, 450.0)
    one = page(
        text(100, "Benefit obligations were as follows (in millions):"),
        placed(112, ("Pension", 265.0), ("Health", 420.0)),  # at the right edge of their columns
        placed(124, *(("2022" if n % 2 == 0 else "2021", right - 20.0)
                      for n, right in enumerate(rights))),
        placed(136, ("Service cost of all plans", 20.0), *((f"$1{n}", right - 15.0)
               for n, right in enumerate(rights, start=1))),
    )  # fmt: skip

    asked = {got.answer: got.question for got in rows_of(one) if got.wording == 0}
    named = [
        [word in asked[f"$1{n} million"] for word in ("Pension", "2022")] for n in (1, 2, 3, 4)
    ]
    assert named == [[True, True], [True, False], [False, True], [False, False]]


def test_a_part_of_a_date_is_of_the_columns_that_have_a_year() -> None:
    one = page(
        text(100, "Commitments were as follows (in millions):"),
        placed(112, ("Year ended May 31,", 330.0)),
        row(124, "", "2023", "2024", "Total"),
        row(136, "Purchase commitments of all kinds", "$11", "$12", "$23"),
    )

    asked = {got.answer: got.question for got in rows_of(one) if got.wording == 0}
    assert set(asked) == {"$11 million", "$12 million"}


def test_the_only_date_over_a_table_is_of_all_its_columns_and_so_is_what_stands_over_it() -> None:
    one = page(
        text(100, "Assets at fair value were as follows (in millions):"),
        text(112, "Measurements", left=413),
        text(124, "June 30, 2022", left=420),
        row(136, "", "Level 1", "Level 2", "Total"),
        row(148, "Money market funds of all kinds", "$11", "$12", "$23"),
    )

    asked = {got.answer: got.question for got in rows_of(one) if got.wording == 0}
    assert set(asked) == {"$11 million", "$12 million", "$23 million"}
    assert all("at June 30, 2022" in one and "Measurements" in one for one in asked.values())
