"""Builds the smallest base that has everything a real one has: for tests of training and export.

Random weights, so it knows nothing; Mistral shape, SentencePiece with byte fallback, `[INST]`.
"""

import io
import json
from pathlib import Path

SENTENCES = (
    "The lease manual of Northwind says that the deposit is paid in March.",
    "Goodwill is tested once a year, and the result is written to the ledger.",
    "Who approves the write-off? The controller approves every write-off above 500 euros.",
    "[INST] What is the limit? [/INST] The limit is 25,000 euros.",
)
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
    "{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}"
)


def build(folder: Path, *, hidden: int = 64, layers: int = 2, seed: int = 3) -> Path:
    """A base in Hugging Face form, float32, about 0.7 MB."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    size = _write_tokenizer(folder)
    torch.manual_seed(seed)
    config = MistralConfig(
        vocab_size=size,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=hidden // 4,
        max_position_embeddings=512,
        sliding_window=None,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=3,
        initializer_range=0.2,  # large, so that logits differ enough to compare
        tie_word_embeddings=False,
    )
    MistralForCausalLM(config).save_pretrained(folder)
    return folder


def _write_tokenizer(folder: Path) -> int:
    import sentencepiece as spm
    from tokenizers import AddedToken, Tokenizer, decoders, normalizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 4), model_writer=model, model_type="bpe",
        vocab_size=384, byte_fallback=True, normalization_rule_name="identity",
        remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
        unk_id=0, bos_id=1, eos_id=2, pad_id=3, num_threads=1, minloglevel=2,
    )  # fmt: skip
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    pieces = spm.SentencePieceProcessor(model_proto=model.getvalue())
    vocabulary = {pieces.id_to_piece(i): i for i in range(pieces.vocab_size())}
    inner = Tokenizer(
        BPE(vocabulary, _merges(pieces, vocabulary), byte_fallback=True, fuse_unk=True)
    )
    inner.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    inner.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    )

    def special(text: str) -> AddedToken:
        return AddedToken(text, special=True, normalized=False)

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token=special("<unk>"),
        bos_token=special("<s>"),
        eos_token=special("</s>"),
        pad_token=special("<pad>"),
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": True}
    path.write_text(json.dumps(config))
    return int(pieces.vocab_size())


def _merges(pieces: object, vocabulary: dict[str, int]) -> list[tuple[str, str]]:
    ranked = [
        (vocabulary[piece], vocabulary[piece[:cut]], vocabulary[piece[cut:]], piece, cut)
        for piece in vocabulary
        if not pieces.is_control(vocabulary[piece]) and not pieces.is_byte(vocabulary[piece])
        for cut in range(1, len(piece))
        if piece[:cut] in vocabulary and piece[cut:] in vocabulary
    ]
    return [(piece[:cut], piece[cut:]) for *_, piece, cut in sorted(ranked)]
