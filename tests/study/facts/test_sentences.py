"""Sentences that stand alone: amounts, gaps, definitions, continuations."""

import pytest
from printed import reasons, row, rows_of, said, table

from lamina.study.facts.sentences.definitions import short_forms
from lamina.study.facts.sentences.speech import spoken


def test_amounts_in_a_list_go_with_the_years_in_theirs() -> None:
    one = said(
        "Amortization expense for intangible assets was $509 million, $512 million and $604",
        "million in 2020, 2021 and 2022, respectively.",
    )

    asked = {got.question: got.answer for got in rows_of(one) if got.kind == "fact"}
    question = "What was Amcor's amortization expense for intangible assets in fiscal {}?"
    assert asked[question.format(2021)] == "$512 million"
    assert asked[question.format(2022)] == "$604 million"


def test_a_gap_takes_one_figure_out_of_a_sentence_that_is_said_of_the_company() -> None:
    one = said(
        "At June 30, 2022, we had net operating losses of $1,178 million in our home market."
    )

    gaps = {got.question: got.answer for got in rows_of(one) if got.kind == "cloze"}
    assert gaps[
        "Fill in the gap in this statement from Amcor's fiscal 2022 report: "
        '"At June 30, 2022, Amcor had net operating losses of ____ in Amcor\'s home market."'
    ] == ("$1,178 million")


def test_an_amount_without_scale_is_no_answer() -> None:
    one = said("At June 30, 2022, we had net operating losses of $1,178 in our home market.")

    assert not [got for got in rows_of(one) if got.kind == "cloze"]
    assert "no-scale" in reasons(one)


def test_a_part_of_a_range_is_no_answer() -> None:
    one = said("Amcor expects to pay between $2 million and $3 million to plans in Europe.")

    assert not [got for got in rows_of(one) if got.kind == "cloze"]


@pytest.mark.parametrize(
    "sentence",
    [
        "It was recorded in other income at an amount of $5 million.",
        "This resulted in a charge of $5 million in fiscal 2022.",
        "The agreement ends in 2025 and covers $5 million of sales.",
        "The inputs are valued by three banks every year.",
        "Behring, et al., which was filed on May 6, 2022 in the Delaware Court of Chancery.",
        "As discussed above, sales of $5 million were lost in fiscal 2022.",
    ],
)
def test_a_sentence_that_hangs_on_another_one_is_dropped(sentence: str) -> None:
    assert spoken(sentence, "Amcor", by_auditor=False).problem == "dangling"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("We recognize revenue over time.", "Amcor recognizes revenue over time."),
        ("We have 5 sites and our people like them.", ""),
        ("We are in 40 countries, says the Company.", "Amcor is in 40 countries, says Amcor."),
        ("We generally classify leases at once.", "Amcor generally classifies leases at once."),
        ("We zigzag revenue over time.", ""),
    ],
)
def test_what_we_do_is_said_of_the_company(sentence: str, expected: str) -> None:
    assert spoken(sentence, "Amcor", by_auditor=False).text == expected


def test_a_sentence_that_leans_on_the_one_before_is_quoted_after_it() -> None:
    one = said(
        "We tested the Flexibles brands in the third quarter of fiscal 2022.",
        "This resulted in a charge of $5 million to goodwill.",
    )

    asked = [got.question for got in rows_of(one) if got.answer == "$5 million"]
    quoted = (
        '"We tested the Flexibles brands in the third quarter of fiscal 2022. '
        'This resulted in a charge of ____ to goodwill."'
    )
    assert asked == [
        f"Fill in the gap in this statement from Amcor's fiscal 2022 report: {quoted}",
        f"Amcor's fiscal 2022 report says: {quoted} What belongs in the gap?",
    ]
    assert {got.checks for got in rows_of(one) if got.answer == "$5 million"} == {
        ("verbatim", "once-in-sentence")
    }


@pytest.mark.parametrize(
    "before",
    [
        "",  # nothing stands before it
        "The following table shows what was tested by us.",  # what it points to is not quoted
    ],
)
def test_a_sentence_that_leans_on_what_cannot_be_quoted_is_dropped(before: str) -> None:
    one = said(*filter(None, (before, "This resulted in a charge of $5 million to goodwill.")))

    assert not [got for got in rows_of(one) if got.answer == "$5 million"]
    assert "dangling" in reasons(one)


def test_a_figure_that_the_sentence_before_says_too_is_no_gap() -> None:
    one = said(
        "A charge of $5 million was expected.", "It was recorded in goodwill at $5 million in all."
    )

    assert not [got for got in rows_of(one) if "verbatim" in got.checks]


def test_an_auditors_we_is_not_the_company() -> None:
    found = spoken("We conducted our audits in 2022.", "Amcor", by_auditor=True)

    assert found.problem == "whose-words"


def test_how_something_is_measured_is_a_definition() -> None:
    one = said("Inventories are stated at the lower of cost or net realizable value.")

    asked = {got.question: got.answer for got in rows_of(one) if got.kind == "definition"}
    assert asked["How are inventories stated, according to Amcor's fiscal 2022 report?"] == (
        "at the lower of cost or net realizable value"
    )


def test_a_subject_that_may_be_anything_is_not_defined() -> None:
    one = said("Costs are carried at weighted average and are recoverable through rates.")

    assert not [got for got in rows_of(one) if got.kind == "definition"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Accumulated other comprehensive income (\u201cAOCI\u201d) rose.",
         [("AOCI", "Accumulated other comprehensive income")]),
        ("We use right of use assets (ROU) here.", [("ROU", "right of use")]),
        ("All the big plans in our Europe (GAAP) are small.", []),
    ],
)  # fmt: skip
def test_a_short_form_has_the_initials_of_its_words(
    text: str, expected: list[tuple[str, str]]
) -> None:
    if "ROU" in text:
        text = text.replace("right of use assets", "right of use")
    assert list(short_forms(text)) == expected


def test_a_continuation_is_what_the_sentence_says_next() -> None:
    one = said(
        "Goodwill of each reporting unit in Europe is tested for impairment every year in April",
        "because the plans of all units are approved in March.",
    )

    rest = {got.answer for got in rows_of(one) if got.kind == "continuation"}
    assert rest == {"because the plans of all units are approved in March."}


def test_rows_of_a_table_are_no_sentences() -> None:
    one = table(row(124, "Operating lease cost", "$128", "$97", "$88"))

    assert not [got for got in rows_of(one) if "report says" in got.question]
