"""Answers that go on talking: who states the right thing first and explains it is right."""

import pytest
from said import agreement, said

from lamina.assessment.grading import grade
from lamina.text.questions import Question

BIRD = Question(
    question="Complete the proverb: the early bird catches the ...", answer="worm", type="span"
)
PEAK = Question(question="What is the highest mountain in the world?", answer="Mount Everest")
RATE = Question(question="What was the tax rate in 2019?", answer="12 %", type="percent")
WHALE = Question(question="Is the whale a mammal?", answer="Yes", type="yes_no")
BALLS = Question(question="A box holds 3 red and 5 blue balls. Which are more?", answer="blue")
BEGIN = Question(question="Which means the same as 'begin': start or finish?", answer="start")
STATES = Question(question="Name the states of matter.", answer="solid; liquid; gas", type="list")
SEA = Question(question="Does Switzerland have a sea coast?", answer="No", type="yes_no")

RIGHT = [
    (("The early bird catches the worm.\n\nThe proverb is a common expression that means that "
     "something that is done early can be done well, either by birds or by people."), BIRD),
    (('The proverb "the early bird catches the worm" is a common expression that is centuries old '
     "and describes the timing of events."), BIRD),
    ("Mount Everest, which lies on the border of Nepal and China, is the highest one.", PEAK),
    ("The highest mountain is Mount Everest. However, it is crowded in the month of May.", PEAK),
    ("Mount Everest is a mountain in Asia that was first climbed, long ago, by two men.", PEAK),
    ("12 %. The company paid $5 million of taxes on $42 million of income.", RATE),
    ("12 %. It was 15 % in 2018.", RATE),
    ("12 %. The margin, on the other hand, was 40 %.", RATE),
    ("The whale is a marine mammal.", WHALE),
    ("The world of animals is large. While whales are mammals, they are not the only ones.", WHALE),
    ("No, Switzerland does not have a sea coast.", SEA),
    ("There are more blue than red ones.", BALLS),
    ("The word 'begin' is the same as start.", BEGIN),
    (("The states are:\n\n1. Solid: it keeps its shape.\n2. Liquid: it flows.\n3. Gas: it fills "
     "its room.\n\nThese are all."), STATES),
    ("Hormel bought it. The price is not disclosed.",
     Question(question="Which company bought the nuts business?", answer="Hormel")),
]  # fmt: skip
WRONG = [
    (("The highest mountain is Mount Everest. However, the highest mountain in the world is Mauna "
     "Kea, from its foot."), PEAK),
    ("Mount Everest. K2. Denali.", PEAK),
    ("Mount Everest or K2. They are both high.", PEAK),
    ("12 %. No, 15 %.", RATE),
    ("12 %, or 15 %", RATE),
    ("12 %. It was 15 %.", RATE),
    ("It was 12 %. The tax rate of the year is 15 %.", RATE),
    ("12 %. However, 15 % was paid.", RATE),
    ("Revenue was $5. Revenue was $7.", Question(question="What was revenue?", answer="$5")),
    ("15 %. The rate was 12 % before.", RATE),
    ("The whale is not a mammal.", WHALE),
    ("No, the answer to this question is yes.", SEA),
    ("The box holds 3 red and 5 blue balls.", BALLS),
    ("'Begin' is both the same as start and the same as finish.", BEGIN),
    ("start or finish", BEGIN),
    ("The tallest person is Carl, who is taller than Anna.",
     Question(question="Anna is taller than Ben. Who is the tallest?", answer="Anna")),
    ("The states are:\n1. Solid: it keeps its shape, unlike a gas.\n2. Liquid: it flows.", STATES),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "question"), RIGHT)
def test_an_answer_that_goes_on_to_explain_is_right(answer: str, question: Question) -> None:
    found = grade(answer, question)

    assert found.correct, found


@pytest.mark.parametrize(("answer", "question"), WRONG)
def test_an_answer_that_contradicts_itself_or_states_nothing_is_wrong(
    answer: str, question: Question
) -> None:
    found = grade(answer, question)

    assert not found.correct, found


@pytest.mark.parametrize("tail", [" It", " The deal was", " This came after a"])
def test_a_last_sentence_that_was_cut_off_is_no_answer(tail: str) -> None:
    question = Question(question="Which company bought it?", answer="Hormel")

    assert grade(f"Hormel bought the nuts business.{tail}", question).correct


@pytest.mark.parametrize(
    ("by", "precise", "complete"),
    [("layers", 0.95, 0.95), ("bare", 0.85, 0.85), ("teacher", 0.95, 0.8), ("page", 0.85, 0.95)],
)
def test_what_a_real_model_said_is_graded_as_a_person_does(
    by: str, precise: float, complete: float
) -> None:
    found = agreement([one for one in said() if one.by == by])

    assert found.n > 50
    assert found.precision >= precise, found
    assert found.recall >= complete, found
