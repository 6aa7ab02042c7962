"""The sixty general questions that are shipped."""

from collections import Counter

from lamina.assessment.exam.general import GENERAL, general_questions
from lamina.assessment.grading import grade


def test_there_are_ten_of_each_subject_each_with_its_type() -> None:
    questions = general_questions()

    assert set(Counter(one.file for one in questions).values()) == {10}
    assert len({one.question for one in questions}) == len({one.id for one in questions}) == 60
    assert {one.topic for one in questions} == {GENERAL}
    assert all(one.type for one in questions)


def test_every_accepted_answer_is_graded_right() -> None:
    wrong = [
        (question.id, answer)
        for question in general_questions()
        for answer in question.answers
        if not grade(f"The answer is {answer}.", question).correct
    ]

    assert wrong == []


def test_answers_of_other_questions_are_graded_wrong() -> None:
    questions = list(general_questions())

    taken = [
        (question.question, other.answer)
        for question in questions
        for other in questions
        if other.type == question.type != "yes_no"
        and other.answer not in question.answers
        and grade(other.answer, question).correct
    ]

    assert len(taken) <= 1, taken
