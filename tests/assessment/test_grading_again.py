"""Guesses, echoes, refusals and second answers that once passed for right ones, and what must."""

import time

import pytest

from lamina.assessment.grading import ABSTAINED, grade
from lamina.text.questions import Question

UNSAID = Question(question="What was it?", answer="not in the documents", type="abstain")
FUNDED = Question(question="Is the plan funded?", answer="Yes", type="yes_no")
UNFUNDED = Question(question="Is the plan funded?", answer="No", type="yes_no")
LOSS = Question(question="Did Acme record a loss?", answer="Yes", type="yes_no")
NO_LOSS = Question(question="Did Acme record a loss?", answer="No", type="yes_no")
TOTAL = Question(question="How many stores are there?", answer="12", type="number")
NUMBER = Question(question="How many people work there?", answer="500", type="number")
RATE = Question(question="What was the discount rate?", answer="5%", type="percent")
EXPIRY = Question(question="When does the lease expire?", answer="2025", type="date")
BEST = Question(question="In which year was revenue highest?", answer="2020", type="date")
SEGMENTS = Question(
    question="Which segments does Acme report?", answer="Retail; Wholesale", type="list"
)
CITY = Question(question="Which city hosts the office?", answer="Paris")
BOSS = Question(question="Who is the chief executive?", answer="Jane Doe")
BUYER = Question(question="Which company bought the nuts business?", answer="Hormel")

REFUSALS = [
    "I do not have specific information about that.",
    "I don't have details on this.",
    "We do not have data on that.",
    "The report does not have this figure.",
    "I don't have a record of it.",
    "I do not have knowledge of that.",
    "The text doesn't have an answer.",
]
RIGHT = [
    ("The plan is funded.", FUNDED),
    ("Is the plan funded? Yes.", FUNDED),
    ("Is the plan funded? The plan is funded.", FUNDED),
    ("If one looks at the notes, the plan is funded.", FUNDED),
    ("The plan cannot be funded.", UNFUNDED),
    ("Acme failed to record a loss.", NO_LOSS),
    ("Acme recorded a loss.", LOSS),
    ("It is unlikely that the plan is funded.", Question(
        question="Is it unlikely that the plan is funded?", answer="Yes", type="yes_no")),
    ("12\nThe total is 12", TOTAL),
    ("500. The total is given in note 4.", NUMBER),
    ("500. The number was 450 in 2018.", Question(
        question="How many people worked there in 2019?", answer="500", type="number")),
    ("2025. The expiry date is in the lease.", EXPIRY),
    ("Yes. The plan is funded.", FUNDED),
    ("Hormel bought it. The price is not disclosed.", BUYER),
    ("Yes, but the amount is not disclosed.", FUNDED),
    ("Yes. The amount is not given in the text.", FUNDED),
    ("Paris. I do not have more information.", CITY),
    ("5%. The growth rate was 9%.", RATE),
    ("5%. The discount is not explained in the filing.", RATE),
    ("Retail and Wholesale. Both segments grew.", SEGMENTS),
    ("Paris (France)", CITY),
    ("Paris; it is the capital.", CITY),
    ("Jane Doe (since 2019)", BOSS),
]  # fmt: skip
WRONG = [
    ("Is the plan funded?", FUNDED),
    ("The plan cannot be funded.", FUNDED),
    ("The plan is hardly funded.", FUNDED),
    ("The plan is funded by nobody.", FUNDED),
    ("It is unlikely that the plan is funded.", FUNDED),
    ("Whether the plan is funded is unclear.", FUNDED),
    ("If the plan is funded, it will go on.", FUNDED),
    ("If the plan is not funded, it will end.", UNFUNDED),
    ("Acme failed to record a loss.", LOSS),
    ("Acme denied that it recorded a loss.", LOSS),
    ("12\nThe total is 13\nThe total is 14", TOTAL),
    ("500. The number is 600.", NUMBER),
    ("500. The total number of people is 600.", NUMBER),
    ("5%. The rate used was 6%.", RATE),
    ("2025. The expiry date is 2030.", EXPIRY),
    ("2020. The year was 2021.", BEST),
    ("Retail, Wholesale. Acme also reports Banking and Insurance.", SEGMENTS),
    ("2025. I do not know.", EXPIRY),
    ("Yes. The document does not say.", FUNDED),
    ("Yes. It is not clear.", FUNDED),
    ("Yes, but I am not sure.", FUNDED),
    ("Paris; London; Berlin; Rome", CITY),
    ("Jane Doe; John Smith", BOSS),
    ("Jane Doe (or John Smith)", BOSS),
    ("Paris, which does not host it", CITY),
]


@pytest.mark.parametrize("said", REFUSALS)
def test_a_plain_refusal_gives_no_answer(said: str) -> None:
    assert grade(said, UNSAID).correct
    assert grade(said, TOTAL).why == ABSTAINED


def test_what_a_company_does_not_have_is_no_refusal() -> None:
    assert not grade("Acme does not have a pension plan.", UNSAID).correct


@pytest.mark.parametrize(("answer", "question"), RIGHT)
def test_what_an_answer_adds_does_not_undo_it(answer: str, question: Question) -> None:
    found = grade(answer, question)

    assert found.correct, found


@pytest.mark.parametrize(("answer", "question"), WRONG)
def test_an_answer_that_takes_itself_back_guesses_or_echoes_is_wrong(
    answer: str, question: Question
) -> None:
    found = grade(answer, question)

    assert not found.correct, found


@pytest.mark.parametrize("space", [" ", "\t", "\n", " \n", "\u00a0"])
def test_white_space_takes_no_long_time(space: str) -> None:
    started = time.process_time()

    grade(f"Jane{space * 8000}x", BOSS)

    assert time.process_time() - started < 1
