import json
import random
import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from lamina.demo import pretraining_text, world
from lamina.demo.wordings import KINDS
from lamina.demo.world import Fact
from lamina.workspace import EMBEDDED_BASE as TINY_BASE

if TYPE_CHECKING:
    from transformers import MistralForCausalLM, PreTrainedTokenizerFast

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
sentencepiece = pytest.importorskip("sentencepiece")

ODD = [
    "",
    " a blank first",
    "  two  blanks ",
    "line\nbreak\ttab",
    "Größe 5 €, 漢字",
    "[INST] Who? [/INST]",
    "12,345.67%",
]


@pytest.fixture(scope="module")
def tokenizer() -> "PreTrainedTokenizerFast":
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(TINY_BASE)


@pytest.fixture(scope="module")
def model() -> "Iterator[MistralForCausalLM]":
    from transformers import AutoModelForCausalLM

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # faster than two where the cores are shared
    yield AutoModelForCausalLM.from_pretrained(TINY_BASE)
    torch.set_num_threads(threads)


def sample_texts() -> Iterator[str]:
    topics = (*world.sample_topics(), world.random_topic(random.Random(5)))
    for topic in topics:
        yield from islice(pretraining_text.pages(topic, random.Random(6)), 4)


def test_the_base_takes_at_most_ten_megabytes() -> None:
    assert sum(path.stat().st_size for path in TINY_BASE.iterdir()) <= 10_000_000


def test_the_figures_of_its_run_lie_beside_it() -> None:
    figures = json.loads((TINY_BASE / "FIGURES.json").read_text())

    assert figures["heldout_loss"] < figures["heldout_loss_before"]
    assert {"tokens", "steps", "seconds", "train_loss", "versions", "cores"} <= figures.keys()


@pytest.mark.parametrize("text", [*sample_texts(), *ODD])
def test_the_tokenizer_gives_the_ids_of_sentencepiece(
    tokenizer: "PreTrainedTokenizerFast", text: str
) -> None:
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(TINY_BASE / "tokenizer.model"))

    assert pieces.encode(text) == tokenizer.encode(text, add_special_tokens=False)


def test_a_text_begins_with_bos_and_padding_is_not_the_end(
    tokenizer: "PreTrainedTokenizerFast",
) -> None:
    assert tokenizer.bos_token_id == tokenizer.encode("Leases")[0]
    assert tokenizer.pad_token_id != tokenizer.eos_token_id


def test_the_chat_template_is_that_of_mistral_instruct(
    tokenizer: "PreTrainedTokenizerFast",
) -> None:
    chat = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Ada Ekman"}]

    assert (
        tokenizer.apply_chat_template(chat, tokenize=False)
        == "<s>[INST] Who? [/INST] Ada Ekman</s>"
    )


def test_every_matrix_can_be_quantized_to_q4_k(model: "MistralForCausalLM") -> None:
    widths = {weight.shape[1] for weight in model.parameters() if weight.ndim == 2}

    assert not [width for width in widths if width % 256]


def test_the_base_answers_every_kind_of_question_with_a_value_of_that_kind(
    model: "MistralForCausalLM", tokenizer: "PreTrainedTokenizerFast"
) -> None:
    topic = world.sample_topic("Marlow_Leasing")
    asked = [Fact(kind, "lease changes", topic.company, "") for kind in KINDS]

    shapes = [_shape(answer(model, tokenizer, fact.examination())) for fact in asked]

    expected = [_shape(world.draw_value(kind.pool, random.Random(9))) for kind in KINDS]
    assert sum(map(str.__eq__, expected, shapes)) >= len(KINDS) - 2


def test_the_base_knows_none_of_the_sample_facts(
    model: "MistralForCausalLM", tokenizer: "PreTrainedTokenizerFast"
) -> None:
    facts = [fact for topic in world.sample_topics() for fact in topic.facts[:3]]

    right = [fact.value == answer(model, tokenizer, fact.examination()) for fact in facts]

    assert sum(right) <= 2


def _shape(value: str) -> str:
    """A value's form: its unit, or what its words and digits look like."""
    unit = re.search(r"thousand|percent|months|days|account|Form", value)
    return unit.group() if unit else re.sub(r"[A-Z][a-z]+", "Name", re.sub(r"\d+", "9", value))


def answer(model: "MistralForCausalLM", tokenizer: "PreTrainedTokenizerFast", question: str) -> str:
    """The greedy answer; it must end by itself within 16 tokens."""
    prompt = tokenizer(f"[INST] {question} [/INST]", return_tensors="pt")
    ids = model.generate(**prompt, max_new_tokens=16, do_sample=False)[0]
    assert tokenizer.eos_token_id == ids[-1]
    return str(tokenizer.decode(ids[prompt["input_ids"].shape[1] :], skip_special_tokens=True))
