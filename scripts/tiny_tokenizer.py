"""The tiny base's tokenizer: SentencePiece, and the same for transformers.

SentencePiece's own file is what the GGUF converter reads; `tokenizer.json` is what transformers
reads. Both are written here from one model, and give the same ids.
"""

import io
import json
from collections.abc import Iterable
from pathlib import Path

import sentencepiece as spm
from tokenizers import AddedToken, Tokenizer, decoders, normalizers
from tokenizers.models import BPE
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

UNK, BOS, EOS, PAD = 0, 1, 2, 3
LONGEST_TOKENS = 2048  # the base's context
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}"
)


def train_tokenizer(lines: Iterable[str], vocabulary: int) -> bytes:
    """A SentencePiece BPE model with byte fallback, of Llama's settings, as its protobuf bytes."""
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        model_type="bpe",
        vocab_size=vocabulary,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        character_coverage=0.9999,
        unk_id=UNK,
        bos_id=BOS,
        eos_id=EOS,
        pad_id=PAD,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def write_tokenizer(proto: bytes, folder: Path) -> None:
    """Write `tokenizer.model` and the files transformers reads; all give the same ids.

    SentencePiece puts one blank before every text, even before one that begins with a blank.
    Metaspace would not, so the blank is put there by a normalizer.
    """
    (folder / "tokenizer.model").write_bytes(proto)
    pieces = spm.SentencePieceProcessor(model_proto=proto)
    vocabulary = {pieces.id_to_piece(i): i for i in range(pieces.vocab_size())}
    model = BPE(vocabulary, _merges(pieces, vocabulary), byte_fallback=True, fuse_unk=True)
    inner = Tokenizer(model)
    inner.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    inner.decoder = decoders.Sequence(
        [
            decoders.Replace("\u2581", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(content=" ", left=1),
        ]
    )
    inner.post_processor = TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", BOS)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token=_special("<unk>"),
        bos_token=_special("<s>"),
        eos_token=_special("</s>"),
        pad_token=_special("<pad>"),
        model_max_length=LONGEST_TOKENS,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    _note_class(folder / "tokenizer_config.json")


def _special(text: str) -> AddedToken:
    return AddedToken(text, special=True, normalized=False)


def _note_class(path: Path) -> None:
    """Name the class by its public name and say in words that a text begins with `<s>`."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": True}
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _merges(
    pieces: spm.SentencePieceProcessor, vocabulary: dict[str, int]
) -> list[tuple[str, str]]:
    """Every split of every piece into two pieces, in the order SentencePiece prefers them."""
    ranked = [
        (vocabulary[piece], vocabulary[piece[:cut]], vocabulary[piece[cut:]], piece, cut)
        for piece in vocabulary
        if not pieces.is_control(vocabulary[piece]) and not pieces.is_byte(vocabulary[piece])
        for cut in range(1, len(piece))
        if piece[:cut] in vocabulary and piece[cut:] in vocabulary
    ]
    return [(piece[:cut], piece[cut:]) for *_, piece, cut in sorted(ranked)]
