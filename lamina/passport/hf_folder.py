"""The files of a base in Hugging Face form, read without torch."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamina.errors import DamagedError, NotFoundError

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
    """The final norm as llama.cpp's converter writes it, in float32; None where it is not there.

    safetensors: eight bytes of header length, a JSON header, then the raw tensors
    (https://github.com/huggingface/safetensors#format).
    """
    for path in weights:
        try:
            with path.open("rb") as file:
                (size,) = struct.unpack("<Q", file.read(8))
                header = json.loads(file.read(min(size, 100_000_000)))
                entry = header.get("model.norm.weight")
                if entry is None:
                    continue
                begin, end = entry["data_offsets"]
                file.seek(8 + size + begin)
                raw = _as_f32(file.read(end - begin), entry["dtype"])
                return _as_converted(raw, str(config["model_type"]))
        except (ValueError, struct.error, KeyError) as broken:
            msg = f"{path} is no sound safetensors file; copy the model again"
            raise DamagedError(msg) from broken
    return None


def _as_converted(raw: bytes | None, model_type: str) -> bytes | None:
    if raw is None or model_type not in _LESS_ONE:
        return raw
    import numpy as np

    return (np.frombuffer(raw, "<f4") + np.float32(1)).tobytes()


def _as_f32(raw: bytes, dtype: str) -> bytes | None:
    import numpy as np

    match dtype:
        case "F32":
            return raw
        case "F16":
            return np.frombuffer(raw, "<f2").astype("<f4").tobytes()
        case "BF16":  # the upper half of a float32
            return (np.frombuffer(raw, "<u2").astype("<u4") << 16).tobytes()
        case _:
            return None
