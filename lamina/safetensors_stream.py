"""Reads and writes safetensors files tensor by tensor, so that memory holds one of them.

The library's own writer wants all tensors of a file at once. Format: eight bytes of header
length (little-endian), a JSON header, then the raw tensors one after another
(https://github.com/huggingface/safetensors#format).
"""

import json
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lamina.errors import DamagedError, InvalidInputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARD_BYTES = 4_000_000_000  # of a model's files
INDEX = "model.safetensors.index.json"
_KINDS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_ALIGNMENT = 8  # of the first tensor, as the library writes it
_MAX_HEADER_BYTES = 100_000_000  # the library's own limit
_BLOCK_BYTES = 1 << 24
Content: TypeAlias = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor lies."""

    name: str
    dtype: str  # as safetensors spells it: BF16, F16, F32, ...
    shape: tuple[int, ...]
    file: Path
    offset: int  # from the start of the file
    size_bytes: int


def read_entries(file: Path) -> list[Entry]:
    """All tensors of a file, in the order in which they lie there.

    Raises:
        DamagedError: the file is cut short or is no safetensors file.

    """
    try:
        with file.open("rb") as stream:
            (size,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(min(size, _MAX_HEADER_BYTES)))
        header.pop("__metadata__", None)
        entries = [_entry(file, 8 + size, name, said) for name, said in header.items()]
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as broken:
        msg = f"{file} is no sound safetensors file; copy it again"
        raise DamagedError(msg) from broken
    if entries and max(each.offset + each.size_bytes for each in entries) > file.stat().st_size:
        msg = f"{file} is cut short; copy it again"
        raise DamagedError(msg)
    return sorted(entries, key=lambda each: each.offset)


def _entry(file: Path, start: int, name: str, said: dict[str, Any]) -> Entry:
    begin, end = said["data_offsets"]
    return Entry(name, said["dtype"], tuple(said["shape"]), file, start + begin, end - begin)


def read_bytes(entry: Entry) -> bytearray:
    """The tensor's raw bytes, in one buffer that may be changed."""
    buffer = bytearray(entry.size_bytes)
    with entry.file.open("rb") as stream:
        stream.seek(entry.offset)
        if stream.readinto(buffer) != entry.size_bytes:
            msg = f"{entry.file} is cut short; copy it again"
            raise DamagedError(msg)
    return buffer


def float32(entry: Entry) -> "NDArray[np.float32]":
    """The tensor's values.

    Raises:
        InvalidInputError: they are stored as something else than F32, F16 or BF16.

    """
    import numpy as np

    if entry.dtype not in _KINDS:
        msg = (
            f"{entry.name} in {entry.file} is stored as {entry.dtype}; save it as F32, F16 or BF16"
        )
        raise InvalidInputError(msg)
    values = np.frombuffer(read_bytes(entry), _KINDS[entry.dtype])
    if entry.dtype == "BF16":  # the upper half of a float32
        bits = values.astype("<u4")
        bits <<= 16
        values = bits.view("<f4")
    return values.astype(np.float32, copy=False).reshape(entry.shape)


def write_model(
    folder: Path,
    entries: Sequence[Entry],
    contents: Callable[[Sequence[Entry]], Iterable[Content]],
    limit_bytes: int = SHARD_BYTES,
) -> None:
    """A model's tensors in files of at most so many bytes, with their index if they are several."""
    files = _shards(entries, limit_bytes)
    places: dict[str, str] = {}
    for number, part in enumerate(files, start=1):
        name = f"model-{number:05d}-of-{len(files):05d}.safetensors"
        name = "model.safetensors" if len(files) == 1 else name
        write_file(folder / name, part, contents(part))
        places |= {entry.name: name for entry in part}
    if len(files) > 1:
        total = sum(entry.size_bytes for entry in entries)
        index = {"metadata": {"total_size": total}, "weight_map": places}
        (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _shards(entries: Sequence[Entry], limit_bytes: int) -> list[list[Entry]]:
    """The tensors, in order, in as few files as that order allows."""
    files: list[list[Entry]] = [[]]
    size = 0
    for entry in entries:
        if files[-1] and size + entry.size_bytes > limit_bytes:
            files.append([])
            size = 0
        files[-1].append(entry)
        size += entry.size_bytes
    return files


def write_file(path: Path, entries: Sequence[Entry], contents: Iterable[Content]) -> None:
    """Write tensors of the entries' names, dtypes and shapes, holding two contents at a time."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for entry in entries:
        end = offset + entry.size_bytes
        header[entry.name] = {
            "dtype": entry.dtype,
            "shape": entry.shape,
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)))
        stream.write(text)
        for content in _ahead(contents):
            stream.write(content)


def _ahead(contents: Iterable[Content]) -> Iterator[Content]:
    """The same, the next one being read and computed while this one is written."""
    iterator = iter(contents)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, None)
        while (content := coming.result()) is not None:
            coming = pool.submit(next, iterator, None)
            yield content


def blocks(entry: Entry) -> Iterator[bytes]:
    """The tensor's raw bytes in pieces, for copying it as it is."""
    with entry.file.open("rb") as stream:
        stream.seek(entry.offset)
        left = entry.size_bytes
        while left:
            block = stream.read(min(left, _BLOCK_BYTES))
            if not block:
                msg = f"{entry.file} is cut short; copy it again"
                raise DamagedError(msg)
            left -= len(block)
            yield block
