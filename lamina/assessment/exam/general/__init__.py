"""Sixty general questions with short answers: the probe for what a layer ruins.

Arithmetic, language, geography, science, time and plain reasoning, ten of each; easy ones, and no
layer is about any of them. Their `file` is the subject, so that evidence can be clustered by it.
"""

from functools import cache
from pathlib import Path

from lamina.text.question_files import read_question_file
from lamina.text.questions import Question

GENERAL = "general questions"  # the topic that no layer is about, nor can be by its name


@cache
def general_questions() -> tuple[Question, ...]:
    """The questions, in the form of every question file."""
    found = read_question_file(Path(__file__).parent / "questions.jsonl").questions
    return tuple(one.model_copy(update={"topic": GENERAL}) for one in found)
