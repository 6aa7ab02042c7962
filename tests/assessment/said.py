"""Answers that SmolLM2 gave, by itself and under layers, and whether a person calls them right.

`said.jsonl` has one a line: how it was asked (`by`), the question (the id of a general one, or one
of the demo's handbooks with its `reference`), the answer, and `right`. Those of `layers` were read
before grader 2 was written, those that are `late` when it was done, the rest while it was. Left
out: answers on which a person would not decide, such as a recited page with the right sentence.
"""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from lamina.assessment.exam.general import general_questions
from lamina.assessment.grading import grade
from lamina.text.questions import Question

FILE = Path(__file__).with_suffix(".jsonl")


class Said(NamedTuple):
    """One answer with a person's word on it."""

    by: str  # "layers", "bare", "teacher" or "page": how it was asked
    question: Question
    answer: str
    right: bool
    late: bool


class Agreement(NamedTuple):
    """How a grader's word goes with a person's."""

    n: int
    right: int  # by the person's word
    precision: float  # of those graded right, the share that is
    recall: float  # of those that are right, the share that is graded so


def said() -> list[Said]:
    """All of them."""
    general = {one.id: one for one in general_questions()}
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        asked = general.get(one["question"]) or Question(
            question=one["question"], answer=one["reference"]
        )
        found.append(Said(one["by"], asked, one["answer"], one["right"], "late" in one))
    return found


def agreement(some: list[Said]) -> Agreement:
    """Of the grader with these."""
    both = Counter((one.right, grade(one.answer, one.question).correct) for one in some)
    hits = both[True, True]
    right = hits + both[True, False]
    return Agreement(len(some), right, hits / (hits + both[False, True]), hits / right)
