"""A copy of a GGUF file that says more of itself; the weights are the same, byte for byte.

New metadata go before the old, and a filler makes their length a multiple of the alignment, so
that everything behind them keeps its distance from the start of the weights.
"""

import shutil
import struct
from collections.abc import Mapping
from pathlib import Path

from lamina.gguf import Header

_FIXED = struct.Struct("<4sIQQ")  # magic, version, number of tensors, number of keys
_STRING = 8
_FILLER = "lamina.filler"


def write_stamped(header: Header, target: Path, metadata: Mapping[str, str]) -> None:
    """Copy the model with further text metadata, none of which it has."""
    alignment = int(header.number("general.alignment") or 32)
    added = b"".join(_pair(name, value) for name, value in metadata.items())
    filler = -(len(added) + len(_pair(_FILLER, ""))) % alignment
    added += _pair(_FILLER, " " * filler)
    with header.path.open("rb") as source, target.open("wb") as copy:
        magic, version, tensors, keys = _FIXED.unpack(source.read(_FIXED.size))
        copy.write(_FIXED.pack(magic, version, tensors, keys + len(metadata) + 1))
        copy.write(added)
        shutil.copyfileobj(source, copy, 1 << 24)


def _pair(name: str, value: str) -> bytes:
    return _text(name) + struct.pack("<I", _STRING) + _text(value)


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw
