"""The base's own answers: what it says by itself, made once, and none of the exam's questions."""

from pathlib import Path

import layer_orders
import pytest

from lamina.assessment.exam.general import general_questions
from lamina.progress import Silent
from lamina.prompts import user
from lamina.prompts.folder import folder_prompts
from lamina.store import Store
from lamina.text.repeats import repeats
from lamina.text.rows import read_rows
from lamina.training import replay as replaying
from lamina.training.base import load
from lamina.training.generation import speaking
from lamina.training.mix import Mix
from lamina.training.order import LayerOrder
from lamina.workspace import EMBEDDED_BASE

QUESTIONS = ("Who?", "What is the answer to this much longer question?", "Say something short.")


@pytest.fixture
def order(store: Store) -> LayerOrder:
    """An order on the embedded base."""
    return layer_orders.order(store, EMBEDDED_BASE)


def likeliest(order: LayerOrder, question: str, most: int) -> list[int]:
    """Token after token, without any cache or padding."""
    import torch

    model, prompts = load(order), folder_prompts(order.base_folder)
    ids = prompts.chat([user(question)])
    before = len(ids)
    with torch.no_grad():
        for _ in range(most):
            logits = model(
                input_ids=torch.tensor([ids]), document_lengths=[len(ids)], use_cache=False
            ).logits
            ids = [*ids, int(logits[0, -1].argmax())]
    return ids[before:]


def test_questions_asked_together_are_answered_as_each_alone(order: LayerOrder) -> None:
    from tokenizers import Tokenizer

    prompts = folder_prompts(EMBEDDED_BASE)
    tokenizer = Tokenizer.from_file(str(EMBEDDED_BASE / "tokenizer.json"))
    ends = {tokenizer.token_to_id(end) for end in prompts.words.ends}
    written = [prompts.chat([user(question)]) for question in QUESTIONS]

    with speaking(load(order), prompts, EMBEDDED_BASE) as speaker:
        said = list(speaker.said(written, 12))

    expected = []
    for question in QUESTIONS:
        ids = likeliest(order, question, 12)
        end = next((at for at, token in enumerate(ids) if token in ends), None)
        text = tokenizer.decode(ids[:end], skip_special_tokens=True).strip()
        expected.append((text, end is not None))
    assert said == expected


def test_afterwards_the_base_has_its_own_attention_again(order: LayerOrder) -> None:
    model = load(order)
    with speaking(model, folder_prompts(EMBEDDED_BASE), EMBEDDED_BASE):
        pass

    used = model.config._attn_implementation  # noqa: SLF001 - transformers has no other way
    assert used == "lamina_documents"


def test_answers_that_ended_are_rows_and_are_made_once(
    store: Store, order: LayerOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "general_prompts", lambda: QUESTIONS)

    ref = replaying.replay(order, store=store, progress=Silent())

    rows = list(read_rows(store.open(ref) / "train.jsonl"))
    facts = store.manifest(ref).facts
    assert facts["rows"] + facts["unfinished"] == len(QUESTIONS)
    assert {row.question for row in rows} <= set(QUESTIONS)
    assert all(row.text and row.kind == "qa" for row in rows)
    assert store.recall(replaying.STAGE, replaying.inputs(order)) == ref


def test_an_answer_that_was_cut_is_no_row_and_is_counted(
    store: Store, order: LayerOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "general_prompts", lambda: QUESTIONS)
    monkeypatch.setattr(replaying, "MOST_TOKENS", 1)  # no answer and its end

    ref = replaying.replay(order, store=store, progress=Silent())

    assert list(read_rows(store.open(ref) / "train.jsonl")) == []
    assert store.manifest(ref).facts["unfinished"] == len(QUESTIONS)


def test_the_general_questions_are_none_of_the_exams() -> None:
    exam = [one.question for one in general_questions()]

    assert len(set(replaying.general_prompts())) == len(replaying.general_prompts()) >= 200
    assert repeats(exam, replaying.general_prompts()) == {}


def test_replayed_rows_are_a_stream_of_their_own(store: Store, base: Path) -> None:
    chosen = layer_orders.QUICK.model_copy(update={"replay_share": 0.2})
    mix = Mix(replay=layer_orders.dataset(store, "goodwill"))
    order = layer_orders.order(store, base, profile=chosen, mix=mix)
    none = layer_orders.order(store, base, mix=mix)

    kept = [one for one in order.documents(store, "train") if one.stream == "replay"]

    rows = list(read_rows(store.open(mix.replay) / "train.jsonl"))
    assert len(kept) == len(rows)
    assert all(one.stream == "text" for one in none.documents(store, "train"))
    assert none.inputs()["mix"] == Mix()
