"""Writes a small GGUF file of float32 tensors, tensor by tensor; `gguf` reads it.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3).
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.gguf import F32

Scalar: TypeAlias = str | int | float
_ALIGNMENT = 32
_INT64, _FLOAT32, _STRING = 11, 6, 8


def write_gguf(
    path: Path,
    metadata: Mapping[str, Scalar],
    shapes: Sequence[tuple[str, tuple[int, ...]]],
    contents: Iterable[NDArray[np.float32]],
) -> None:
    """Write tensors of these names and shapes (rows first), in this order, one after another."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(metadata))
    head += b"".join(_text(key) + _value(value) for key, value in metadata.items())
    at = 0
    for name, shape in shapes:
        sizes = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        head += _text(name) + sizes + struct.pack("<IQ", F32, at)
        at += _padded(4 * prod(shape))
    with path.open("wb") as file:
        file.write(head.ljust(_padded(len(head)), b"\0"))
        for (name, shape), content in zip(shapes, contents, strict=True):
            if content.shape != shape:
                msg = f"{name} is {content.shape}, not {shape}"
                raise ValueError(msg)
            raw = np.ascontiguousarray(content, "<f4").tobytes()
            file.write(raw.ljust(_padded(len(raw)), b"\0"))


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Scalar) -> bytes:
    match value:
        case str():
            return struct.pack("<I", _STRING) + _text(value)
        case int():
            return struct.pack("<Iq", _INT64, value)
        case _:
            return struct.pack("<If", _FLOAT32, value)
