"""Three topics of eight questions and eight held-out rows each: Goodwill, Idle, Leases."""

from lamina.assessment.exam.questions import Topic
from lamina.text.questions import Question
from lamina.text.rows import Row

N_QUESTIONS = 8


def prompts_of(layer: str) -> tuple[Question, ...]:
    return tuple(
        Question(
            question=f"{layer} question {number}?",
            answer=f"{layer} answer {number}",
            file=f"{layer}-{number}.pdf",
        )
        for number in range(N_QUESTIONS)
    )


def row_of(layer: str, number: int) -> Row:
    return Row(
        layer=layer,
        split="test",
        kind="text",
        text=f"{layer} held-out text number {number}",
        document=f"{number % 4}" * 64,
        pages=(1, 1),
        n_tokens=4,
    )


def topic_of(layer: str) -> Topic:
    rows = tuple(row_of(layer, number) for number in range(N_QUESTIONS))
    return Topic(name=layer, prompts=prompts_of(layer), heldout=rows)


def table_of(layer: str) -> dict[str, str]:
    return {prompt.question: prompt.answer for prompt in prompts_of(layer)}
