"""Records as a run leaves them, a line each, for tests of what is made of them."""

from collections.abc import Sequence
from typing import Any

from lamina.assessment.report.records import AnswerRecord, AnyRecord, ChoiceRecord, LossRecord
from lamina.text.questions import Question

HOSTILE = '<img src="x" onerror="document.title=1">'


def question(topic: str, number: int = 0, **others: Any) -> Question:  # noqa: ANN401 - any field
    return Question(
        id=f"{topic}-{number}",
        question=f"What of {topic} in case {number}?",
        answer=f"{topic} {number}",
        topic=topic,
        file=f"{topic}-{number // 2}.pdf",
        page=number,
        evidence=f"In case {number} it is {topic} {number}.",
        **others,
    )


def answer(
    blend: str,
    topic: str,
    number: int = 0,
    *,
    right: bool = False,
    **others: Any,  # noqa: ANN401 - any field
) -> AnswerRecord:
    asked = question(topic, number)
    given = {
        "answer": asked.answer if right else f"something of {blend}",
        "kind": "span",
        "why": "the same words" if right else "other words",
        "contains": right,
        "first_token_s": 0.1,
        "total_s": 0.2,
        "n_prompt_tokens": 9,
        "n_tokens": 4,
        "tokens_per_s": 20.0,
    }
    return AnswerRecord(
        blend=blend,
        topic=topic,
        item=asked.id,
        document=asked.file,
        question=asked.question,
        reference=asked.answer,
        correct=right,
        **(given | others),
    )


def choice(
    blend: str, topic: str, number: int = 0, *, margin: float = 0.0, rank: int = 2
) -> ChoiceRecord:
    asked = question(topic, number)
    return ChoiceRecord(
        blend=blend,
        topic=topic,
        item=asked.id,
        document=asked.file,
        question=asked.question,
        reference=asked.answer,
        likeliest=asked.answer if rank == 1 else "another",
        logprob=-2.0,
        margin=margin,
        rank=rank,
        n_others=6,
    )


def loss(blend: str, topic: str, row: int, nats: float, tokens: int = 10) -> LossRecord:
    return LossRecord(
        blend=blend, topic=topic, document=f"{row}", row=f"{row}", loss=nats, n_tokens=tokens
    )


def world(topics: Sequence[str], own: int = 6, elsewhere: int = 4) -> list[AnyRecord]:
    """Base and a layer a topic: each right at home, wrong elsewhere; the base right in case 0."""
    found: list[AnyRecord] = []
    for topic in topics:
        for blend in ("base", *topics):
            for number in range(own if blend in {"base", topic} else elsewhere):
                right = blend == topic if number else blend == "base"
                gain = 1.0 if blend == topic else -0.1 if blend != "base" else 0.0
                found.append(answer(blend, topic, number, right=right))
                found.append(choice(blend, topic, number, margin=0.5 + gain, rank=1 + (not right)))
    return found
