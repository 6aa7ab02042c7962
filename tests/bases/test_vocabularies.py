"""A tokenizer that is rebuilt from GGUF cuts every text as llama.cpp does."""

from collections.abc import Callable
from pathlib import Path

import byte_vocabulary
import pytest
import tiny_models
from hypothesis import given
from hypothesis import strategies as st

from lamina.bases.acceptance import Rebuilt, compare_tokens
from lamina.bases.pretokenizers import CUTS
from lamina.bases.tokenizer_files import write_tokenizer
from lamina.bases.vocabulary import vocabulary_of
from lamina.errors import DamagedError, InvalidInputError
from lamina.gguf import read_header

KINDS = ("smollm", "llama-bpe", "qwen2", "gpt-2", "default", "tekken", "smaug-bpe")
Cut = Callable[..., list[int]]


def both(file: Path, folder: Path) -> tuple[Cut, Cut]:
    """Ours and llama.cpp's."""
    import llama_cpp

    folder.mkdir()
    write_tokenizer(folder, vocabulary_of(read_header(file)), 512)
    params = llama_cpp.llama_model_default_params()
    params.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(str(file).encode(), params)
    vocabulary = llama_cpp.llama_model_get_vocab(model)

    def theirs(text: str, special: bool) -> list[int]:
        raw = text.encode()
        ids = (llama_cpp.llama_token * (len(raw) + 8))()
        arguments = (raw, len(raw), ids, len(ids), False, special)  # without BOS
        count = llama_cpp.llama_tokenize(vocabulary, *arguments)
        return list(ids[:count])

    return Rebuilt(folder), theirs


@pytest.fixture(scope="module")
def cutters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Cut, Cut]]:
    root = tmp_path_factory.mktemp("vocabularies")
    return {
        pre: both(byte_vocabulary.write(root / f"{pre}.gguf", pre), root / pre) for pre in KINDS
    }


@pytest.mark.parametrize("pre", KINDS)
def test_byte_level_ids_are_llama_cpps_on_the_battery(
    cutters: dict[str, tuple[Cut, Cut]], pre: str
) -> None:
    ours, theirs = cutters[pre]
    special = [*byte_vocabulary.SPECIAL, *byte_vocabulary.USER_DEFINED]

    assert compare_tokens(pre, ours, theirs, special) > 150


WRITTEN = st.characters(codec="utf-8", exclude_categories=["Cs", "Cn", "Co"], max_codepoint=0x1F6FF)
TEXTS = st.text(st.one_of(st.sampled_from(" \n\t'.,-$0123456789aetnsLTRvm"), WRITTEN), max_size=40)


@given(text=TEXTS, special=st.booleans())
@pytest.mark.parametrize("pre", KINDS)
def test_byte_level_ids_are_llama_cpps_on_any_text(
    cutters: dict[str, tuple[Cut, Cut]], pre: str, text: str, special: bool
) -> None:
    ours, theirs = cutters[pre]

    assert theirs(text, special) == ours(text, special)


def test_scored_ids_are_llama_cpps_on_any_text(
    models: dict[str, tiny_models.Pair], tmp_path: Path
) -> None:
    ours, theirs = both(models["Mistral"].gguf, tmp_path / "scored")

    @given(text=TEXTS, special=st.booleans())
    def equal(text: str, special: bool) -> None:
        assert theirs(text, special) == ours(text, special)

    equal()


def test_sentencepiece_reads_the_model_that_is_written_for_it(
    models: dict[str, tiny_models.Pair], tmp_path: Path
) -> None:
    import sentencepiece

    ours, _ = both(models["Mistral"].gguf, tmp_path / "scored")
    pieces = sentencepiece.SentencePieceProcessor(str(tmp_path / "scored" / "tokenizer.model"))

    for text in ("The deposit is paid in March.", "25,000 euros\u00e9\u4f60", "a  b"):
        assert pieces.encode(text) == ours(text, special=False)


def test_special_tokens_are_kept_apart_from_text(cutters: dict[str, tuple[Cut, Cut]]) -> None:
    ours, _ = cutters["smollm"]

    assert len(ours("<|im_end|>", special=True)) == 1
    assert len(ours("<|im_end|>", special=False)) > 1
    assert len(ours("<tool>", special=False)) == 1  # the model's own text, not a sign to it


def test_every_pre_tokenizer_that_is_listed_can_be_read(tmp_path: Path) -> None:
    file = byte_vocabulary.write(tmp_path / "plain.gguf", "gpt-2")
    vocabulary = vocabulary_of(read_header(file))

    for pre in CUTS:
        write_tokenizer(tmp_path, type(vocabulary)(**{**vars(vocabulary), "pre": pre}), 512)
        assert Rebuilt(tmp_path)("Total 12,345 in 2023", special=False)


def test_an_unknown_pre_tokenizer_is_refused_by_name(tmp_path: Path) -> None:
    file = byte_vocabulary.write(tmp_path / "odd.gguf", "never-heard-of")

    with pytest.raises(InvalidInputError, match="pre-tokenizer never-heard-of"):
        vocabulary_of(read_header(file))


def test_a_token_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    file = byte_vocabulary.write(
        tmp_path / "twice.gguf", "gpt-2", special=("<|x|>", "<|x|>", "<|end|>")
    )

    with pytest.raises(DamagedError, match="1 of its tokens stand there twice"):
        vocabulary_of(read_header(file))
