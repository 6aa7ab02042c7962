"""Exam questions that a layer was trained on: they prove nothing, do not count, and are named."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lamina.assessment.exam.questions import Topic
from lamina.errors import DamagedError
from lamina.text.questions import Question
from lamina.text.repeats import repeats


def without_trained(
    topics: Sequence[Topic], files: Iterable[Path]
) -> tuple[tuple[Topic, ...], tuple[Question, ...]]:
    """The topics without what the questions in these files of training rows repeat, and that.

    Raises:
        DamagedError: a file cannot be read.

    """
    exam = [question for topic in topics for question in topic.prompts]
    found = repeats([question.question for question in exam], _trained(files))
    repeated = {exam[place] for place in found}
    kept = (tuple(one for one in topic.prompts if one not in repeated) for topic in topics)
    left = [
        topic.model_copy(update={"prompts": prompts})
        for topic, prompts in zip(topics, kept, strict=True)
    ]
    return tuple(left), tuple(exam[place] for place in sorted(found))


def _trained(files: Iterable[Path]) -> Iterator[str]:
    """The questions of training rows; most rows are running text and have none."""
    for path in files:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    question = json.loads(line).get("question")
                except (ValueError, AttributeError) as broken:
                    msg = f"line {number} of {path} is no row; run `lamina build_dataset` again"
                    raise DamagedError(msg) from broken
                if question:
                    yield question
