"""Vocabularies in both forms that Lamina meets: a Hugging Face folder, and the GGUF of it.

Mistral's and SmolLM2's are the real ones; the others are trained here, with the special tokens,
pre-tokenizers and templates of the families they stand for. Folders hold no weights.
"""

import io
import json
import sys
from pathlib import Path
from typing import Any

import sentencepiece as spm
from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, trainers
from tokenizers import pre_tokenizers as pre
from tokenizers.models import BPE
from tokenizers.processors import ByteLevel, Sequence, TemplateProcessing

from lamina.bases.catalogue import CATALOGUE, cache_folder
from lamina.bases.tokenizer_files import write_tokenizer
from lamina.bases.vocabulary import vocabulary_of
from lamina.gguf import read_header
from lamina.settings import Settings

REAL = Path(sys.prefix) / "share" / "vocabularies" / "mistral_common" / "data"
_NAMED = CATALOGUE["smollm2"]
# As `lamina base add smollm2` leaves it for the next workspace.
SMOLLM2 = cache_folder() / _NAMED.sha256[:16] / Path(_NAMED.member).name
SENTENCES = [
    "The lease manual of Northwind says that the deposit of $ 1,250.00 is paid in March 2024.",
    "Goodwill is tested once a year; the r\u00e9sum\u00e9 of the test is written to the ledger.",
    "user assistant system model What is the limit? It's 25,000 euros, or 12.5 % of sales.",
] * 20
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}"
    "{% endfor %}"
)
LLAMA_3 = (
    "{{- bos_token }}\n{%- if not date_string is defined %}\n"
    "    {%- if strftime_now is defined %}\n"
    "        {%- set date_string = strftime_now('%d %b %Y') %}\n    {%- endif %}\n{%- endif %}\n"
    "{%- if messages[0]['role'] == 'system' %}\n"
    "    {%- set system_message = messages[0]['content']|trim %}\n"
    "    {%- set messages = messages[1:] %}\n{%- else %}\n"
    "    {%- set system_message = '' %}\n{%- endif %}\n"
    "{{- '<|start_header_id|>system<|end_header_id|>\\n\\nToday Date: ' + date_string }}\n"
    "{{- '\\n\\n' + system_message + '<|eot_id|>' }}\n"
    "{%- for message in messages %}\n"
    "    {%- if message['content'] is none %}{% continue %}{% endif %}\n"
    "    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}\n"
    "    {{- message['content'] | trim + '<|eot_id|>' }}\n{%- endfor %}\n"
    "{%- if add_generation_prompt %}\n"
    "    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}\n{%- endif %}\n"
)
CHATML = (
    "{%- if messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}"
    "{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
    "{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}"
)
# Llama 3's and SmolLM2's, from their tokenizer.json; llama.cpp calls them llama-bpe and smollm.
_LLAMA_3_WORDS = Regex(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def mistral(folder: Path, version: str) -> Path:
    """Mistral's own SentencePiece model, its tokenizer.json as Hugging Face publishes it."""
    (source,) = REAL.glob(f"*tokenizer*.model.{version}")
    _write_pieces(folder, source.read_bytes(), blank_before=True)
    config = {"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": True}
    _write_config(folder, config | {"tokenizer_class": "LlamaTokenizer"}, MISTRAL)
    return folder


def llama_3(folder: Path) -> Path:
    """Byte-level BPE whose post-processor alone says that a text begins with BOS."""
    inner = _byte_level(
        ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
         "<|eot_id|>"],
        pre.Split(_LLAMA_3_WORDS, "isolated"),
    )  # fmt: skip
    bos = "<|begin_of_text|>"
    begin = TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, 0)]
    )
    inner.post_processor = Sequence([ByteLevel(trim_offsets=False), begin])
    config = {"bos_token": bos, "eos_token": "<|eot_id|>"}
    return _write_byte_level(folder, inner, config, LLAMA_3)


def chatml(folder: Path) -> Path:
    """SmolLM2's kind: digits one by one, no BOS before a text, a line break behind each turn."""
    digits = pre.Digits(individual_digits=True)
    inner = _byte_level(["<|endoftext|>", "<|im_start|>", "<|im_end|>"], digits)
    config = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}
    return _write_byte_level(folder, inner, config, CHATML)


def smollm2(folder: Path) -> Path:
    """SmolLM2's own, rebuilt from the file that is served, as `lamina base add` rebuilds it."""
    folder.mkdir(parents=True)
    write_tokenizer(folder, vocabulary_of(read_header(SMOLLM2)), 8192)
    return folder


def gemma(folder: Path) -> Path:
    """SentencePiece without a blank before a text; turns end with `<end_of_turn>`."""
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES), model_writer=model, model_type="bpe", vocab_size=420,
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True, add_dummy_prefix=False, split_digits=True,
        pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>",
        bos_piece="<bos>", control_symbols=["<start_of_turn>", "<end_of_turn>"],
        num_threads=1, minloglevel=2,
    )  # fmt: skip
    _write_pieces(folder, model.getvalue(), blank_before=False)
    config = {"bos_token": "<bos>", "eos_token": "<eos>", "add_bos_token": True}
    _write_config(folder, config | {"tokenizer_class": "GemmaTokenizer"}, GEMMA)
    return folder


def written(folder: Path, *, pre: str = "default", blank_before: bool = True) -> Path:
    """The vocabulary alone as GGUF, by the code of llama.cpp's converter.

    Its script would do the same with seconds of imports, and knows no pre-tokenizer of a
    vocabulary that was never published.
    """
    sys.path.insert(0, str(Settings().llama_cpp_dir / "gguf-py"))
    import gguf
    from gguf.vocab import SentencePieceVocab

    out = folder.with_suffix(".gguf")
    writer = gguf.GGUFWriter(str(out), "llama")
    writer.add_tokenizer_pre(pre)
    if (folder / "tokenizer.model").is_file():
        tokens, scores, kinds = zip(*SentencePieceVocab(folder).all_tokens(), strict=True)
        writer.add_tokenizer_model("llama")
        writer.add_token_list(tokens)
        writer.add_token_scores(scores)
        writer.add_token_types(kinds)
        writer.add_add_space_prefix(blank_before)
    else:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        names = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
        special = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
        kind = gguf.TokenType
        writer.add_tokenizer_model("gpt2")
        writer.add_token_list(names)
        writer.add_token_types([kind.CONTROL if one in special else kind.NORMAL for one in names])
    gguf.SpecialVocab(folder, load_merges=True).add_to_gguf(writer, quiet=True)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return out


def _write_pieces(folder: Path, model: bytes, *, blank_before: bool) -> None:
    """`tokenizer.model` and `tokenizer.json` of a SentencePiece BPE model."""
    folder.mkdir(parents=True)
    (folder / "tokenizer.model").write_bytes(model)
    pieces = spm.SentencePieceProcessor(model_proto=model)
    names = [pieces.id_to_piece(i) for i in range(pieces.vocab_size())]
    vocabulary = {name: i for i, name in enumerate(names)}
    merges = sorted(
        (-pieces.get_score(i), vocabulary[name[:cut]], name[:cut], name[cut:])
        for i, name in enumerate(names)
        if not pieces.is_control(i) and not pieces.is_byte(i)
        for cut in range(1, len(name))
        if name[:cut] in vocabulary and name[cut:] in vocabulary
    )
    pairs = [(left, right) for *_, left, right in merges]
    inner = Tokenizer(BPE(vocabulary, pairs, byte_fallback=True, fuse_unk=True))
    blank = normalizers.Replace(" ", "\u2581")
    inner.normalizer = (
        normalizers.Sequence([normalizers.Prepend("\u2581"), blank]) if blank_before else blank
    )
    controls = [name for i, name in enumerate(names) if pieces.is_control(i)]
    inner.add_special_tokens([AddedToken(name, normalized=False) for name in controls])
    inner.save(str(folder / "tokenizer.json"))


def _byte_level(specials: list[str], words: pre.PreTokenizer) -> Tokenizer:
    inner = Tokenizer(BPE())
    inner.pre_tokenizer = pre.Sequence([words, pre.ByteLevel(add_prefix_space=False)])
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500, initial_alphabet=pre.ByteLevel.alphabet(), show_progress=False,
        special_tokens=[AddedToken(one, special=True, normalized=False) for one in specials],
    )  # fmt: skip
    inner.train_from_iterator(SENTENCES, trainer)
    return inner


def _write_byte_level(
    folder: Path, inner: Tokenizer, config: dict[str, Any], template: str
) -> Path:
    folder.mkdir(parents=True)
    inner.save(str(folder / "tokenizer.json"))
    _write_config(folder, config | {"tokenizer_class": "PreTrainedTokenizerFast"}, template)
    return folder


def _write_config(folder: Path, config: dict[str, Any], template: str) -> None:
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "chat_template.jinja").write_text(template)
