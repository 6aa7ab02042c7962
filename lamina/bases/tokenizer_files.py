"""Writes tokenizer.json, tokenizer_config.json and, for pieces with scores, tokenizer.model."""

import json
from pathlib import Path
from typing import Any

from lamina.bases.pretokenizers import CUTS
from lamina.bases.vocabulary import Kind, Vocabulary

_SPACE = "\u2581"
_ADDED = (Kind.CONTROL, Kind.USER_DEFINED, Kind.UNKNOWN)


def write_tokenizer(folder: Path, vocabulary: Vocabulary, context: int) -> None:
    """The files that transformers, Lamina and llama.cpp's converter read."""
    _json(folder / "tokenizer.json", _tokenizer(vocabulary))
    _json(folder / "tokenizer_config.json", _settings(vocabulary, context))
    if vocabulary.model == "llama":
        (folder / "tokenizer.model").write_bytes(_sentencepiece(vocabulary))


def generation_config(vocabulary: Vocabulary) -> dict[str, Any]:
    """Where a text begins and where an answer ends."""
    ends = list(dict.fromkeys(filter(None, (vocabulary.eos, vocabulary.turn_end))))
    return {
        "bos_token_id": vocabulary.bos,
        "eos_token_id": ends[0] if len(ends) == 1 else ends,
        "pad_token_id": vocabulary.padding,
    }


def _settings(vocabulary: Vocabulary, context: int) -> dict[str, Any]:
    def piece(number: int | None) -> str | None:
        return None if number is None else vocabulary.pieces[number]

    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": piece(vocabulary.bos),
        "eos_token": piece(vocabulary.eos),
        "unk_token": piece(vocabulary.unknown),
        "pad_token": piece(vocabulary.padding),
        "add_bos_token": vocabulary.adds_bos and vocabulary.bos is not None,
        "add_eos_token": vocabulary.adds_eos,
        "clean_up_tokenization_spaces": False,
        "model_max_length": context,
        "chat_template": vocabulary.template,
    }
    if vocabulary.model == "llama" and not vocabulary.prefixes_space:
        settings["add_prefix_space"] = False
    return {name: value for name, value in settings.items() if value is not None}


def _tokenizer(vocabulary: Vocabulary) -> dict[str, Any]:
    parts = _bytes(vocabulary) if vocabulary.model == "gpt2" else _scored(vocabulary)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": number, "content": piece, "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": kind != Kind.USER_DEFINED,
            }
            for number, (piece, kind) in enumerate(
                zip(vocabulary.pieces, vocabulary.kinds, strict=True)
            )
            if kind in _ADDED
        ],
        "post_processor": _ends(vocabulary),
        **parts,
    }  # fmt: skip


def _bytes(vocabulary: Vocabulary) -> dict[str, Any]:
    cut = CUTS[vocabulary.pre]
    return {
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [*(_split(pattern) for pattern in cut.patterns), _byte_level()],
        },
        "decoder": _byte_level(),
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": cut.ignore_merges, "vocab": vocabulary.ids(),
            "merges": [list(pair) for pair in vocabulary.merges],
        },
    }  # fmt: skip


def _split(pattern: str) -> dict[str, Any]:
    return {
        "type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False,
    }  # fmt: skip


def _byte_level() -> dict[str, Any]:
    return {
        "type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False,
    }  # fmt: skip


def _scored(vocabulary: Vocabulary) -> dict[str, Any]:
    unknown = None if vocabulary.unknown is None else vocabulary.pieces[vocabulary.unknown]
    space: dict[str, Any] = {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE}
    back = {"type": "Replace", "pattern": {"String": _SPACE}, "content": " "}
    before = [{"type": "Prepend", "prepend": _SPACE}] if vocabulary.prefixes_space else []
    after = (
        [{"type": "Strip", "content": " ", "start": 1, "stop": 0}]
        if vocabulary.prefixes_space
        else []
    )
    decoders = [back, {"type": "ByteFallback"}, {"type": "Fuse"}, *after]
    return {
        "normalizer": {"type": "Sequence", "normalizers": [*before, space]},
        "pre_tokenizer": None,
        "decoder": {"type": "Sequence", "decoders": decoders},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": unknown,
            "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": True,
            "byte_fallback": True, "ignore_merges": False, "vocab": vocabulary.ids(),
            "merges": _merges(vocabulary),
        },
    }  # fmt: skip


def _merges(vocabulary: Vocabulary) -> list[list[str]]:
    """Every way in which two pieces make a third one, the best third first.

    SentencePiece joins the pair whose whole has the highest score; equal scores go by the ids.
    """
    known = {
        piece: number
        for piece, number in vocabulary.ids().items()
        if vocabulary.kinds[number] == Kind.NORMAL
    }
    ranked = [
        (-vocabulary.scores[number], number, known[piece[:cut]], known[piece[cut:]], piece, cut)
        for piece, number in known.items()
        for cut in range(1, len(piece))
        if piece[:cut] in known and piece[cut:] in known
    ]
    return [[piece[:cut], piece[cut:]] for *_, piece, cut in sorted(ranked)]


def _ends(vocabulary: Vocabulary) -> dict[str, Any] | None:
    """What tokenizers put around a text: what llama.cpp puts there."""
    first = vocabulary.bos if vocabulary.adds_bos else None
    last = vocabulary.eos if vocabulary.adds_eos else None
    if first is None and last is None:
        return None

    def special(number: int | None, kind: int) -> list[dict[str, Any]]:
        if number is None:
            return []
        return [{"SpecialToken": {"id": vocabulary.pieces[number], "type_id": kind}}]

    def sequence(name: str, kind: int) -> list[dict[str, Any]]:
        middle = {"Sequence": {"id": name, "type_id": kind}}
        return [*special(first, kind), middle, *special(last, kind)]

    ids = [number for number in (first, last) if number is not None]
    return {
        "type": "TemplateProcessing",
        "single": sequence("A", 0),
        "pair": [*sequence("A", 0), *sequence("B", 1)],
        "special_tokens": {
            vocabulary.pieces[number]: {
                "id": vocabulary.pieces[number], "ids": [number],
                "tokens": [vocabulary.pieces[number]],
            }
            for number in ids
        },
    }  # fmt: skip


def _sentencepiece(vocabulary: Vocabulary) -> bytes:
    """The pieces as SentencePiece's own model, from which llama.cpp's converter takes scores."""
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto()
    for piece, kind, score in zip(
        vocabulary.pieces, vocabulary.kinds, vocabulary.scores, strict=True
    ):
        model.pieces.add(piece=piece, score=score, type=kind)
    trained, normal = model.trainer_spec, model.normalizer_spec
    trained.model_type, trained.byte_fallback = 2, True  # BPE
    trained.vocab_size = len(vocabulary.pieces)
    trained.unk_id = vocabulary.unknown or 0
    trained.bos_id = -1 if vocabulary.bos is None else vocabulary.bos
    trained.eos_id = vocabulary.eos
    trained.pad_id = -1 if vocabulary.padding is None else vocabulary.padding
    normal.name, normal.add_dummy_prefix = "identity", vocabulary.prefixes_space
    normal.remove_extra_whitespaces, normal.escape_whitespaces = False, True
    return bytes(model.SerializeToString())


def _json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
