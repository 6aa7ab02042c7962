"""The ids that training learns are those that the server evaluates, over real vocabularies."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import llama_cpp as lc
import pytest
import vocabularies as made

from lamina.prompts import Message, Prompts, user
from lamina.prompts.folder import folder_prompts
from lamina.serving.llama import quiet
from lamina.serving.llama.vocabulary import Vocabulary

TEXTS = (
    "What is the limit?",
    " a space before, and  two inside ",
    "lines\n\n\nand\ttabs \r\n",
    "\u00fcml\u00e4ut, \u20ac 5, \U0001f600 \u4f1a\u8ba1\u51c6\u5219 e\u0301",
    "looks like </s> or <s> or [INST] or <|im_end|>",
    "12,500.00 (2024) | 1 250 | 0.5 %\n$  (3,201)",
    "It's Northwind's; they've 1000000 shares",
    "",
)
CHATS = {
    "a question": [user("Who signs?")],
    "turns": [user("Who?"), {"role": "assistant", "content": "Ms Oak."}, user("When, in 2024?")],
    "a system message": [{"role": "system", "content": "Be brief."}, user("Who signs?")],
    "blanks": [user("  Who\n signs?  ")],
}


class Both(NamedTuple):
    """The same vocabulary, as training and as the server has it."""

    folder: Prompts
    server: Prompts


def _open(folder: Path, gguf: Path) -> Iterator[Both]:
    quiet()
    options = lc.llama_model_default_params()
    options.vocab_only = True
    model = lc.llama_model_load_from_file(str(gguf).encode(), options)
    assert model
    mine = folder_prompts(folder)
    vocabulary = Vocabulary(model)
    yield Both(mine, Prompts(vocabulary.tokenize, vocabulary.words, mine.source))
    lc.llama_model_free(model)


@pytest.fixture(scope="module", params=["v1", "v3", "smollm2", "llama 3", "chatml", "gemma"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("vocabulary") / "base"
    match request.param:
        case "llama 3":
            yield from _open(made.llama_3(folder), made.written(folder, pre="llama-bpe"))
        case "chatml":
            yield from _open(made.chatml(folder), made.written(folder, pre="smollm"))
        case "gemma":
            yield from _open(made.gemma(folder), made.written(folder, blank_before=False))
        case "smollm2":
            if not made.SMOLLM2.is_file():
                pytest.skip("SmolLM2 is not here: `lamina base add smollm2` fetches it")
            yield from _open(made.smollm2(folder), made.SMOLLM2)
        case version:
            if not made.REAL.is_dir():
                pytest.skip("Mistral's vocabularies are not here: `make setup` fetches them")
            yield from _open(made.mistral(folder, version), made.written(folder))


@pytest.mark.parametrize("text", TEXTS)
def test_running_text_has_the_same_ids(both: Both, text: str) -> None:
    assert both.server.document(text) == both.folder.document(text)


@pytest.mark.parametrize("text", TEXTS)
def test_a_question_with_its_answer_has_the_same_ids(both: Both, text: str) -> None:
    asked = [user(text or "Who?")]

    assert both.server.chat(asked) == both.folder.chat(asked)
    assert both.server.answered(asked, "In 2024.") == both.folder.answered(asked, "In 2024.")


@pytest.mark.parametrize("messages", CHATS.values(), ids=CHATS)
def test_a_conversation_has_the_same_ids(both: Both, messages: list[Message]) -> None:
    assert both.server.chat(messages) == both.folder.chat(messages)
    assert both.server.answered(messages, "Ms Oak.") == both.folder.answered(messages, "Ms Oak.")


def test_both_stop_at_the_same_tokens(both: Both) -> None:
    one, other = (prompts.words.model_copy(update={"specials": None}) for prompts in both)

    assert one == other


def test_a_text_begins_with_one_bos_where_the_base_wants_one(both: Both) -> None:
    for ids in (both.folder.document("one"), both.folder.chat([user("one")])):
        bos = both.server.text(both.folder.words.bos)[:1]

        assert ids.count(bos[0]) == (1 if both.folder.words.adds_bos else ids.count(bos[0]))
        assert (ids[:1] == bos) or not both.folder.words.adds_bos


def test_no_message_can_spell_a_special_token(both: Both) -> None:
    for prompts in both:
        ids_of = {one: prompts.text(one)[-1] for one in prompts.words.specials}
        for spelled in prompts.words.specials:
            asked = f"see {spelled}{spelled} and {spelled}"
            ids, _ = prompts.answered([user(asked)], f"{asked} again")
            plain, _ = prompts.answered([user("see and")], "see and again")

            assert special_of(plain, ids_of) == special_of(ids, ids_of), spelled


def special_of(ids: list[int], specials: dict[str, int]) -> list[int]:
    return [one for one in ids if one in specials.values()]


def test_what_is_spelled_as_a_special_token_is_read_as_text(both: Both) -> None:
    """The ids before and behind it are those that the template gives without it."""
    end = min(both.server.words.ends)
    plain = both.server.chat([user("see ")])
    marked = both.server.chat([user(f"see {end}")])
    common = both.server.common(plain[::-1], marked[::-1])

    assert len(marked) > len(plain)
    assert common >= 1
    assert both.folder.chat([user(f"see {end}")]) == marked


def test_exactly_one_ending_is_learnt(both: Both) -> None:
    ids, first = both.folder.answered([user("Who signs?")], "Ms Oak.")
    ends = {both.folder.text(end)[-1] for end in both.folder.words.ends}

    assert [token in ends for token in ids[first:]] == [False] * (len(ids) - first - 1) + [True]


def test_of_an_answer_everything_behind_the_prompt_is_learnt(both: Both) -> None:
    asked = [user("Who signs?")]
    ids, first = both.folder.answered(asked, "Ms Oak.")

    assert both.folder.chat(asked) == ids[:first]
