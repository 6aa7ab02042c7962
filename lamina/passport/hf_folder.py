"""The files of a base in Hugging Face form, read without torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamina.errors import DamagedError, NotFoundError
from lamina.safetensors_stream import float32, read_entries

BASE_FILES = ("config.json", "tokenizer.json")
_LESS_ONE = ("gemma", "gemma2", "gemma3", "gemma3_text")  # families that keep norms less one


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json`, once it is sure that the folder holds a model.

    Raises:
        NotFoundError: the folder, or a file that a base needs, is missing.
        DamagedError: it is no model configuration.

    """
    if not folder.is_dir():
        msg = (
            f"base model folder {folder} is not there; add a base with `lamina base add smollm2`, "
            "name another folder with LAMINA_BASE_MODEL, or set LAMINA_BASE_MODEL=tiny"
        )
        raise NotFoundError(msg)
    for name in BASE_FILES:
        if not (folder / name).is_file():
            raise _incomplete(folder, name)
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_bytes())
        config["model_type"], config["hidden_size"]
    except (ValueError, KeyError, TypeError) as broken:
        msg = f"{folder / 'config.json'} is no model configuration; copy the model again"
        raise DamagedError(msg) from broken
    return config


def _incomplete(folder: Path, name: str) -> NotFoundError:
    return NotFoundError(
        f"base model folder {folder} is incomplete: {name} is missing; copy the model again"
    )


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that make up a model: those of its index, or the single one."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    else:
        names = ["model.safetensors"]
    for name in names:
        if not (folder / name).is_file():
            raise _incomplete(folder, name)
    return [folder / name for name in names]


def weights_size(folder: Path) -> int:
    """Bytes of a model's weights."""
    return sum(path.stat().st_size for path in weight_files(folder))


def shapes(config: Mapping[str, Any]) -> list[int]:
    """Width, blocks, inner width, heads and size of the vocabulary."""
    keys = ("hidden_size", "num_hidden_layers", "intermediate_size", "num_attention_heads")
    return [*(int(config.get(key) or 0) for key in keys), int(config.get("vocab_size") or 0)]


def tokens(folder: Path, config: Mapping[str, Any]) -> list[str]:
    """Pieces by id, named as llama.cpp's converter names them."""
    try:
        tokenizer = json.loads((folder / "tokenizer.json").read_bytes())
        vocab = tokenizer["model"]["vocab"]
        pairs = (
            {piece: number for number, (piece, _) in enumerate(vocab)}  # unigram: a list
            if isinstance(vocab, list)
            else vocab
        )
        pieces = {number: piece for piece, number in pairs.items()}
        pieces |= {extra["id"]: extra["content"] for extra in tokenizer.get("added_tokens", [])}
    except (ValueError, KeyError, TypeError) as broken:
        msg = f"{folder / 'tokenizer.json'} is no tokenizer; copy the model again"
        raise DamagedError(msg) from broken
    size = int(config.get("vocab_size") or len(pieces))
    return [pieces.get(number, f"[PAD{number}]") for number in range(size)]


def final_norm(weights: list[Path], config: Mapping[str, Any]) -> bytes | None:
    """The final norm as llama.cpp's converter writes it, in float32; None where it is not there."""
    for path in weights:
        for entry in read_entries(path):
            if entry.name == "model.norm.weight":
                less = 1 if config["model_type"] in _LESS_ONE else 0
                return (float32(entry) + less).astype("<f4").tobytes()
    return None
