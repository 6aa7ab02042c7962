"""Answers as chat models give them, right and wrong, and answers as nobody should."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamina.assessment.grading import ABSTAINED, EMPTY, contains, grade
from lamina.text.questions import Question

DROP = "What was the percentage change?"
IN_MILLIONS = "What is Amazon's FY2019 net income (in USD millions)?"
WHICH_YEAR = "In which year, 2018 or 2019, was it higher?"
NUTS = "Which company bought the nuts business?"
PARTS = "North America Retail; International; Pet; North America Foodservice"
BRANDS = "Cereal Partners Worldwide (CPW); H\u00e4agen-Dazs Japan (HDJ)"
UNSAID = "not in the documents"


def asked(answer: str, question: str = "What was it?", **more: Any) -> Question:  # noqa: ANN401
    return Question(question=question, answer=answer, **more)


RIGHT = [
    ("The answer is $1,234 million.", asked("$1,234 million")),
    ("**1,234**", asked("1,234")),
    ("It was 12.5% in 2019", asked("12.5%")),
    ("Lease liabilities were $1,234 million at December 31, 2022.", asked("$1,234 million")),
    ("$1.23 billion", asked("$1,234 million")),
    ("1,234", asked("$1,234 million", unit="million USD")),
    ("Revenue was $1,234 million, compared with $1,100 million in 2018.", asked("$1,234 million")),
    ("$1,234 million (2018: $1,100 million)", asked("$1,234 million")),
    ("Net income rose 5% to $1,234 million", asked("$1,234 million")),
    ("It increased from $1,000 to $1,200.", asked("$1,200")),
    ("Note 7 shows $5 million.", asked("$5 million")),
    ("a loss of $1.9 million", asked("(1.9) million")),
    ("(12.5)", asked("-12.5")),
    ("12.04% decrease", asked("-12.04 percent", DROP)),
    ("The change is (880 - 1000) / 1000 = -12%", asked("-12 percent", DROP)),
    ("about 12%", asked("12%")),
    ("12", asked("12%")),
    ("160 basis points", asked("1.60 percentage points")),
    ("$4.23 per diluted share", asked("$4.23")),
    ("EUR 746 million", asked("\u20ac746 million")),
    ("11,588", asked("$11588.00", IN_MILLIONS)),
    ("$11.588 billion", asked("$11588.00", IN_MILLIONS)),
    ("There are four components: labor, materials, overhead and freight.", asked("4")),
    ("None", asked("0", type="number")),
    ("ten (10) years", asked("10 years")),
    ("24 months", asked("2 years")),
    ("5", asked("5 years", unit="years", type="number")),
    ("Fiscal 2022, by $665 million.", asked("2022, by $665 million", type="number")),
    ("on the 1st of July, 2021", asked("July 1, 2021")),
    ("7/1/2021", asked("July 1, 2021")),
    ("July 15, 2021", asked("July 2021")),
    ("July 1", asked("July 1, 2021", "On what date in 2021 did it begin?")),
    ("fiscal year 2019", asked("2019", WHICH_YEAR)),
    ("2019 was higher than 2018", asked("2019", WHICH_YEAR)),
    ("No, it does not.", asked("No")),
    ("The answer is no.", asked("No", type="yes_no")),
    ("Yes, no exclusions were made.", asked("Yes")),
    ("Hormel bought it.", asked("Hormel Foods Corporation", NUTS, aliases=("Hormel",))),
    ("paris, France", asked("Paris", "What is the capital of France?")),
    ("10-20 years", asked("10 to 20 years")),
    ("They are International, Pet, North America Retail, and North America Foodservice.",
     asked(PARTS, type="list")),
    ("1. Pet\n2. International", asked("International; Pet", type="list")),
    ("Haagen-Dazs Japan (HDJ) and Cereal Partners Worldwide", asked(BRANDS, type="list")),
    ("57,768 and 73,260 thousand", asked("73,260, 57,768 thousand", type="list")),
    ("Sorry, this is not disclosed in the 2022 10-K.", asked(UNSAID, type="abstain")),
    ("\\boxed{42}", asked("42")),
    ("<think>maybe 7</think>42", asked("42")),
    ("42\n\nQuestion: What is 7?\nAnswer: 7", asked("42")),
]  # fmt: skip
WRONG = [
    ("either 5 or 7", asked("5")),
    ("5, 7", asked("5")),
    ("5\n7", asked("5")),
    ("between 5 and 7", asked("5")),
    ("It is 5. No, it is 7.", asked("5")),
    ("not 5 million", asked("5 million")),
    ("$1,234 billion", asked("$1,234 million")),
    ("\u20ac1,234 million", asked("$1,234 million")),
    ("$1 billion", asked("$1,234 million")),
    ("1,230 million", asked("$1,234 million")),
    ("$36 million", asked("36 million shares", unit="shares")),
    ("1.5 percentage points", asked("1.5%")),
    ("0.12", asked("12%")),
    ("12.5% (13%)", asked("12.5%")),
    ("12.5% or $3 million", asked("12.5%")),
    ("12.04%", asked("-12.04 percent", DROP)),
    ("a decrease of 12%", asked("12 percent", DROP)),
    ("3.5", asked("4", type="number")),
    ("12 months", asked("12 years")),
    ("2021, by $665 million", asked("2022, by $665 million", type="number")),
    ("2022, by $666 million", asked("2022, by $665 million", type="number")),
    ("July 2, 2021", asked("July 1, 2021")),
    ("July 2021", asked("July 1, 2021")),
    ("2018 or 2019", asked("2019", WHICH_YEAR)),
    ("2018", asked("2019", WHICH_YEAR)),
    ("Yes and no", asked("Yes")),
    ("It depends.", asked("Yes")),
    ("Greece, Turkey", asked("Greece")),
    ("Greece, Turkey and Cyprus", asked("Greece and Turkey")),
    ("Not Greece", asked("Greece")),
    ("an increase in the price of steel", asked("a decrease in the price of steel")),
    ("Interest expense, other income, goods sold, revenue, research", asked("Interest expense")),
    ("International; Pet; Europe", asked("International; Pet", type="list")),
    ("International", asked("International; Pet", type="list")),
    ("It was $5 million, but this is not stated.", asked(UNSAID, type="abstain")),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "question"), RIGHT)
def test_a_right_answer_is_right_however_it_is_said(answer: str, question: Question) -> None:
    found = grade(answer, question)

    assert found.correct, found


@pytest.mark.parametrize(("answer", "question"), WRONG)
def test_a_wrong_answer_is_wrong_however_near_it_is(answer: str, question: Question) -> None:
    found = grade(answer, question)

    assert not found.correct, found


@pytest.mark.parametrize("said", ["I don't know.", "The filing does not disclose it.", "Unknown"])
def test_an_answer_that_gives_none_is_told_from_a_wrong_one(said: str) -> None:
    assert grade(said, asked("$5 million")).why == ABSTAINED
    assert grade("$6 million", asked("$5 million")).why != ABSTAINED


def test_an_empty_answer_says_so() -> None:
    assert grade(" ... ", asked("5")).why == EMPTY


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("-5 million", "another sign"),
        ("5 billion", "another scale or unit"),
        ("6 million", "another figure"),
        ("5 million or 6 million", "several figures"),
        ("some", "no figure"),
    ],
)
def test_the_reason_says_what_is_wrong(answer: str, why: str) -> None:
    assert grade(answer, asked("5 million")).why == why


def test_containment_asks_for_the_words_and_nothing_else() -> None:
    assert contains("either Greece or Turkey", asked("Greece"))
    assert not contains("Turkey", asked("Greece"))


figures = st.integers(1, 10**9).map(lambda whole: f"{whole:,}") | st.decimals(
    "0.01", "99999", places=2
).map(lambda value: f"{value:,}")


@given(figures, st.sampled_from(["", " thousand", " million", " percent"]), st.booleans())
def test_every_figure_is_itself_and_not_its_neighbour(
    figure: str, beside: str, negative: bool
) -> None:
    sign = "-" if negative else ""
    reference = f"{sign}{figure}{beside}"
    other = f"{sign}{int(figure[0]) % 9 + 1}{figure[1:]}{beside}"

    assert grade(f"It was {reference}.", asked(reference, type="number")).correct
    assert not grade(f"It was {other}.", asked(reference, type="number")).correct


@given(st.permutations(["materials", "direct labor", "overhead", "freight and duties"]))
def test_the_order_of_a_list_does_not_matter(items: list[str]) -> None:
    question = asked("materials; direct labor; overhead; freight and duties", type="list")

    assert grade(", ".join(items), question).correct
    assert not grade(", ".join(items[1:]), question).correct


words = st.text(alphabet="ab 19.,%$-()/\n*_'\u00bd\u0663or", max_size=40) | st.text(max_size=20)


@given(
    words, words.filter(bool), st.sampled_from([None, "number", "date", "list", "yes_no", "span"])
)
def test_no_text_is_too_odd_to_be_graded(answer: str, reference: str, kind: Any) -> None:  # noqa: ANN401
    question = asked(reference, type=kind)

    grade(answer, question)
    contains(answer, question)


@pytest.mark.parametrize(
    "piece", ["(", "1,", "a ", "\n", "5 or ", "-", "$", "two ", "$1 vs ", "**"]
)
def test_a_long_answer_takes_no_long_time(piece: str) -> None:
    started = time.process_time()

    grade(piece * 5000, asked("$5 million"))
    grade(piece * 5000, asked("red; blue", type="list"))

    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("answer", "reference"), [("7", ";"), ("a of", ","), ("(x) 7, not", "(x) $ ")]
)
def test_a_list_without_items_is_graded_like_any_other(answer: str, reference: str) -> None:
    assert not grade(answer, asked(reference, type="list")).correct
