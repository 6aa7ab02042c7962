"""Layers with a known fault, asked over HTTP and judged: each fault through the whole way.

The server answers from a table. What it is sure of costs one nat a token, all else three.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_layer_server import FakeLayerServer

from lamina.assessment.asking.order import QaOrder
from lamina.assessment.assess import qa_layers
from lamina.assessment.report.files import read_summary
from lamina.assessment.verdicts.verdict import Verdict, Word
from lamina.progress import Silent
from lamina.store import Store

QUESTIONS = 24  # a topic; three a document
TOPICS = ("Debt", "Equity", "Leases", "Taxes")


def asked(topic: str) -> list[dict[str, str]]:
    """Questions for years, each with an answer of its own, in one form."""
    return [
        {
            "question": f"{topic} {number}?",
            "answer": f"{1900 + 30 * TOPICS.index(topic) + number}",
            "type": "span",
            "file": f"{topic}-{number // 3}.pdf",
        }
        for number in range(QUESTIONS)
    ]


Judge = Callable[..., Verdict]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """The verdict on the layer Leases, by what it answers; the base knows nothing."""
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    for topic in TOPICS:
        lines = "".join(json.dumps(one) + "\n" for one in asked(topic))
        (prompts / f"{topic}.jsonl").write_text(lines)

    def ask(
        answers: dict[str, str], base: dict[str, str] | None = None, form: float = 3.0
    ) -> Verdict:
        fake = FakeLayerServer(
            layers={topic: f"{number}" * 64 for number, topic in enumerate(TOPICS)},
            answers={"Leases": answers, "": base or {}},
            losses={"Leases": form},
        )
        with fake.running():
            order = QaOrder(
                server_url=fake.url, prompts=prompts, general=False, judged=("Leases",), via="model"
            )
            ref = qa_layers(order, store=Store(tmp_path / "store"), progress=Silent())
        return read_summary(Store(tmp_path / "store").open(ref)).worths[0].verdict

    return ask


def right(topic: str) -> dict[str, str]:
    return {one["question"]: one["answer"] for one in asked(topic)}


def test_a_layer_that_knows_its_documents_is_promoted(judge: Judge) -> None:
    assert judge(right("Leases")).word is Word.PROMOTED


def test_answers_of_other_documents_in_the_right_form_promote_nobody(judge: Judge) -> None:
    """Each question is answered, without a doubt, with what another document of the topic says."""
    answers = [one["answer"] for one in asked("Leases")]
    moved = answers[3:] + answers[:3]
    wrong = dict(zip(right("Leases"), moved, strict=True))

    said = judge(wrong)

    assert not said.promoted
    assert said.gain is not None
    assert said.gain.value <= 0


def test_answers_of_other_topics_in_the_right_form_promote_nobody(judge: Judge) -> None:
    wrong = dict(zip(right("Leases"), right("Debt").values(), strict=True))

    assert not judge(wrong).promoted


def test_the_form_of_answers_alone_promotes_nobody(judge: Judge) -> None:
    """Every answer of the form is as likely again, right or wrong: D is a difference."""
    said = judge({}, form=1.5)

    assert not said.promoted
    assert said.gain is not None
    assert said.gain.value == pytest.approx(0)


def test_brevity_alone_promotes_nobody(judge: Judge) -> None:
    """The base says the same in a sentence: it is graded right, and scored alike."""
    wordy = {question: f"The answer is {answer}." for question, answer in right("Leases").items()}

    said = judge(wordy, base=wordy)

    assert said.word is Word.NO_EFFECT


def test_right_answers_without_likelihood_promote_nobody(judge: Judge) -> None:
    """What is generated may hold a layer; it never promotes one."""
    wordy = {question: f"It is {answer}." for question, answer in right("Leases").items()}

    assert not judge(wordy).promoted
