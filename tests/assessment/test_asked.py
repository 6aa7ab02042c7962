from hypothesis import given
from hypothesis import strategies as st

from lamina.assessment.exam.asked import N_OTHERS, choices, kind_of
from lamina.text.questions import Question


def numbers(count: int, unit: str = "million USD") -> list[Question]:
    return [
        Question(question=f"How much {unit} {n}?", answer=f"${n},000", type="number", unit=unit)
        for n in range(count)
    ]


SPANS = [Question(question=f"Which {n}?", answer=f"caption {n}", type="span") for n in range(9)]


def test_a_question_is_put_beside_six_answers_of_its_own_type() -> None:
    exam = [*numbers(9), *SPANS]
    found = choices(exam, seed=1)

    for question in exam:
        right, others = found[question].answers[:1], found[question].answers[1:]
        assert right == (question.answer,)
        assert len(set(others) - {question.answer}) == N_OTHERS
        kinds = {kind_of(one) for one in exam for answer in others if one.answer == answer}
        assert kinds == {question.type}


def test_answers_of_the_same_unit_come_first() -> None:
    found = choices([*numbers(7), *numbers(20, unit="years")], seed=1)
    millions = {one.answer for one in numbers(7)}

    assert {answer for one in numbers(7) for answer in found[one].answers} == millions


def test_an_alias_is_right_and_never_among_the_others() -> None:
    exam = [*SPANS, Question(question="Who?", answer="x", aliases=("caption 3.",), type="span")]
    choice = choices(exam, seed=1)[exam[-1]]

    assert choice.answers[: choice.n_right] == ("x", "caption 3.")
    assert "caption 3" not in choice.answers[choice.n_right :]


def test_a_question_without_others_of_its_type_has_no_choice() -> None:
    assert choices([Question(question="Is it?", answer="Yes", type="yes_no")], seed=1) == {}


@given(st.permutations(SPANS))
def test_the_others_do_not_hang_on_the_order_of_the_exam(exam: list[Question]) -> None:
    assert choices(exam, seed=1) == choices(SPANS, seed=1)


def test_without_a_type_the_answer_says_what_it_is() -> None:
    answers = ("$1,852 million", "Yes", "No.", "Current portion of long-term debt")
    kinds = [kind_of(Question(question="What?", answer=answer)) for answer in answers]

    assert kinds == ["number", "yes_no", "yes_no", "span"]


def test_one_more_question_changes_at_most_one_of_a_questions_others() -> None:
    before = choices(numbers(30), seed=1)
    after = choices(numbers(31), seed=1)

    for question in numbers(30):
        assert len({*before[question].answers} - {*after[question].answers}) <= 1


def test_another_seed_draws_others() -> None:
    assert choices(numbers(30), seed=1) != choices(numbers(30), seed=2)
