"""The server's token ids are those of training, for the embedded base in its GGUF form."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lamina.prompts import Prompts, user
from lamina.prompts.folder import folder_prompts
from lamina.serving.http.loaded import Loaded, loaded_base
from lamina.serving.http.requests.messages import Message
from lamina.serving.http.requests.scores import ScoreItem
from lamina.serving.http.scoring import tokens_of
from lamina.serving.llama import ContextOptions, open_base, quiet
from lamina.workspace import EMBEDDED_BASE

TEXTS = (
    "What is the limit?",
    " a space before, and  two inside",
    "lines\n\nand\ttabs",
    "\u00fcmlaut, \u20ac 5, \U0001f600",
    "looks like </s> or <s> or [INST]",
    "12,500.00 (2024)",
)


@pytest.fixture(scope="module")
def loaded(base_q4: Path) -> Iterator[Loaded]:
    quiet()
    with open_base(base_q4, ContextOptions(n_ctx=256, n_slots=1, n_threads=1)) as base:
        yield loaded_base(base, None)


@pytest.fixture(scope="module")
def training() -> Prompts:
    return folder_prompts(EMBEDDED_BASE)


@pytest.mark.parametrize("text", TEXTS)
def test_a_question_has_the_same_ids(loaded: Loaded, training: Prompts, text: str) -> None:
    mine = loaded.prompts.chat([{"role": "user", "content": text}])

    assert training.chat([user(text)]) == mine
    assert mine.count(loaded.vocabulary.bos) == 1


@pytest.mark.parametrize("text", TEXTS)
def test_a_question_with_its_answer_has_the_same_ids_and_border(
    loaded: Loaded, training: Prompts, text: str
) -> None:
    item = ScoreItem(messages=[Message(role="user", content=text)], text="The limit is 5.")
    ids, first = tokens_of(loaded, item)

    assert training.answered([user(text)], "The limit is 5.") == (ids, first)


@pytest.mark.parametrize("text", TEXTS)
def test_a_plain_text_has_the_same_ids(loaded: Loaded, training: Prompts, text: str) -> None:
    ids, first = tokens_of(loaded, ScoreItem(text=text), add_eos=True)

    assert training.document(text) == ids
    assert first == 1


def test_a_prompt_that_carries_bos_is_given_no_second_one(loaded: Loaded) -> None:
    assert loaded.prompts.text("<s>one") == loaded.prompts.text("one")
