"""Reads the header of a GGUF file: metadata and tensor directory, and small float tensors.

Written for files that may be cut short or hostile: every count is bounded and every read checked,
and anything wrong raises `DamagedError`. It does not cover big-endian files (llama.cpp on the
pods' processors does not load them either).

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3).
"""

import mmap
import struct
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TypeAlias

from lamina.errors import DamagedError, NotFoundError

Value: TypeAlias = str | int | float | bool | list["Value"]

_SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q",
    12: "<d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
_MAX_KEYS, _MAX_TENSORS, _MAX_ITEMS, _MAX_DIMS = 65_536, 1_000_000, 16_000_000, 4
F32 = 0  # ggml type numbers that this module needs to name


@dataclass(frozen=True)
class Tensor:
    """One entry of the tensor directory."""

    name: str
    shape: tuple[int, ...]  # ggml order: the row length first
    type: int  # ggml type number
    offset: int  # bytes from the start of the file


@dataclass(frozen=True)
class Header:
    """Metadata and tensor directory of a GGUF file."""

    path: Path
    metadata: dict[str, Value]
    tensors: dict[str, Tensor]
    kinds: dict[str, int] = field(default_factory=dict)  # GGUF type number of each metadata value

    def text(self, key: str) -> str | None:
        """A string value, or None where the key is absent or of another type."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> float | None:
        """An int or float value, or None where the key is absent or of another type."""
        value = self.metadata.get(key)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def read_header(path: Path) -> Header:
    """Read a file's header.

    Raises:
        NotFoundError: no such file.
        DamagedError: not a GGUF file, or cut short, or with impossible counts or offsets.

    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return _parse(path, _Cursor(path, view))
    except (FileNotFoundError, IsADirectoryError) as missing:
        msg = f"GGUF file {path} is not there; check the path"
        raise NotFoundError(msg) from missing
    except ValueError as empty:  # mmap of an empty file
        raise _damaged(path, "it is empty") from empty


def read_f32(header: Header, name: str) -> bytes | None:
    """Raw little-endian float32 values of a tensor; None where absent or of another type."""
    tensor = header.tensors.get(name)
    if tensor is None or tensor.type != F32:
        return None
    with header.path.open("rb") as file:
        file.seek(tensor.offset)
        return file.read(4 * prod(tensor.shape))


class _Cursor:
    def __init__(self, path: Path, view: mmap.mmap) -> None:
        self.path = path
        self.view = view
        self.at = 0

    def take(self, size: int) -> bytes:
        if size > len(self.view) - self.at:
            raise _damaged(self.path, "it is cut short")
        self.at += size
        return self.view[self.at - size : self.at]

    def unpack(self, code: str) -> int | float | bool:
        value: int | float | bool = struct.unpack(code, self.take(struct.calcsize(code)))[0]
        return value

    def count(self, limit: int, what: str) -> int:
        value = int(self.unpack("<Q"))
        if value > limit:
            raise _damaged(self.path, f"it claims {value} {what}")
        return value

    def string(self) -> str:
        return self.take(self.count(len(self.view), "characters")).decode("utf-8", "replace")

    def value(self, kind: int) -> Value:
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            return self.array()
        if kind not in _SCALARS:
            raise _damaged(self.path, f"it has a value of unknown type {kind}")
        return self.unpack(_SCALARS[kind])

    def array(self) -> list[Value]:
        kind = int(self.unpack("<I"))
        size = self.count(_MAX_ITEMS, "items in an array")
        if kind == _STRING:
            return [self.string() for _ in range(size)]
        if kind not in _SCALARS:
            raise _damaged(self.path, f"it has an array of type {kind}")
        code = f"<{size}{_SCALARS[kind][1]}"
        return list(struct.unpack(code, self.take(struct.calcsize(code))))


def _parse(path: Path, cursor: _Cursor) -> Header:
    if cursor.take(4) != b"GGUF":
        raise _damaged(path, "it does not begin like one")
    version = cursor.unpack("<I")
    if version not in (2, 3):
        raise _damaged(path, f"its version {version} is not 2 or 3")
    n_tensors = cursor.count(_MAX_TENSORS, "tensors")
    n_keys = cursor.count(_MAX_KEYS, "metadata keys")
    kinds: dict[str, int] = {}
    metadata: dict[str, Value] = {}
    for _ in range(n_keys):
        key = cursor.string()
        kinds[key] = int(cursor.unpack("<I"))
        metadata[key] = cursor.value(kinds[key])
    entries = [_entry(cursor) for _ in range(n_tensors)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1:
        raise _damaged(path, f"its alignment is {alignment!r}")
    start = -(-cursor.at // alignment) * alignment
    tensors = {}
    for name, shape, kind, offset in entries:
        if start + offset > len(cursor.view):
            raise _damaged(path, f"tensor {name} lies beyond its end")
        tensors[name] = Tensor(name, shape, kind, start + offset)
    return Header(path, metadata, tensors, kinds)


def _entry(cursor: _Cursor) -> tuple[str, tuple[int, ...], int, int]:
    name = cursor.string()
    n_dims = int(cursor.unpack("<I"))
    if n_dims > _MAX_DIMS:
        raise _damaged(cursor.path, f"tensor {name} claims {n_dims} dimensions")
    shape = tuple(int(cursor.unpack("<Q")) for _ in range(n_dims))
    return name, shape, int(cursor.unpack("<I")), int(cursor.unpack("<Q"))


def _damaged(path: Path, why: str) -> DamagedError:
    return DamagedError(f"{path} is no sound GGUF file ({why}); convert or copy it again")
