"""The grader's two figures: right answers that it takes in every wording, wrong ones that it takes.

`benchmarks/grading.py` makes the table of them in `benchmarks/results/grading.md`.
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from made_exam import made_exam
from rewritten import WAYS
from wrong import hidden, wrong_answers

from lamina.assessment.grading import grade
from lamina.text.question_files import read_question_file
from lamina.text.questions import Question

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LAMINA_TEST_DATA") or ROOT / ".." / "shared" / "data").resolve()
LEAST_RIGHT = 0.98  # of the answers in each wording
MOST_WRONG = 0.01  # of 2,000 wrong answers


@pytest.fixture(scope="module", params=["made", "tatqa", "exam"])
def questions(request: pytest.FixtureRequest) -> list[Question]:
    if request.param == "made":
        return made_exam()
    files = [DATA / "qa_tatqa.jsonl"] if request.param == "tatqa" else [*DATA.glob("exam/*.jsonl")]
    if not files or not files[0].is_file():
        pytest.skip(f"{request.param} lies outside the repository, and is not here")
    return [question for file in files for question in read_question_file(file).questions]


def test_right_answers_are_taken_in_every_wording(questions: list[Question]) -> None:
    missed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for question in questions:
        for name, way in WAYS.items():
            answer = way(question)
            if answer is not None:
                tried[name] += 1
                missed[name] += not grade(answer, question).correct

    bad = {name: missed[name] for name in tried if missed[name] > (1 - LEAST_RIGHT) * tried[name]}
    assert len(tried) > 25
    assert bad == {}


def test_wrong_answers_are_not_taken(questions: list[Question]) -> None:
    wrong = wrong_answers(questions, 2000, seed=1)

    taken = [one for one in wrong if grade(one.answer, one.question).correct]

    assert len(wrong) == 2000
    assert {one.how for one in wrong} == {
        "another's answer",
        "another digit",
        "another scale",
        "another sign",
    }
    assert len(taken) <= MOST_WRONG * len(wrong), taken[:5]


def test_a_wrong_answer_beside_the_right_one_is_not_taken(questions: list[Question]) -> None:
    both = list(hidden(questions, seed=2))

    taken = [one for one in both if grade(one.answer, one.question).correct]

    assert len(both) > 20
    assert len(taken) <= MOST_WRONG * len(both), taken[:5]
