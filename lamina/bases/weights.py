"""A GGUF model's weights as safetensors in bfloat16, some megabytes at a time.

llama.cpp's own package `gguf` knows how each type is packed; it comes with the converters.
"""

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.bases.families import damaged
from lamina.bases.tensors import Weight
from lamina.errors import InvalidInputError, ResourceError
from lamina.gguf import Header
from lamina.progress import Progress
from lamina.safetensors_stream import Entry, write_model

PIECE_VALUES = 1 << 22  # values unpacked at once: about 100 MB with what unpacking takes beside


def gguf_package(llama_cpp_dir: Path) -> Any:  # noqa: ANN401 - a module without types
    """llama.cpp's own package.

    Raises:
        ResourceError: the converters are not there.

    """
    folder = llama_cpp_dir / "gguf-py"
    if not (folder / "gguf" / "quants.py").is_file():
        msg = (
            f"llama.cpp's gguf-py is not in {llama_cpp_dir}; run `make setup`, or name a "
            "llama.cpp checkout with LAMINA_LLAMA_CPP_DIR"
        )
        raise ResourceError(msg)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return import_module("gguf")


class Unpacked:
    """Reads weights of one file, unpacked."""

    def __init__(self, header: Header, llama_cpp_dir: Path) -> None:
        self._header = header
        self._gguf = gguf_package(llama_cpp_dir)

    def kind(self, weight: Weight) -> str:
        """The type as llama.cpp names it, if it can be unpacked, and lies in the file whole."""
        try:
            kind = self._gguf.GGMLQuantizationType(weight.source.type)
            block, size = self._gguf.GGML_QUANT_SIZES[kind]
        except (ValueError, KeyError) as unknown:
            msg = f"its tensor {weight.source.name} is of the unknown type {weight.source.type}"
            raise damaged(self._header, msg) from unknown
        whole = weight.shape[-1] // block * size * prod(weight.shape[:-1])
        end = weight.source.offset + whole
        odd = weight.shape[-1] % block or (block > 1 and len(weight.shape) == 1)
        if odd or end > self._header.path.stat().st_size:
            raise damaged(self._header, f"its tensor {weight.source.name} is cut short")
        return str(kind.name)

    def pieces(self, weight: Weight) -> Iterator[NDArray[np.float32]]:
        """The values, some rows at a time, in float32."""
        kind = self._gguf.GGMLQuantizationType(weight.source.type)
        block, size = self._gguf.GGML_QUANT_SIZES[kind]
        rows, columns = weight.shape if len(weight.shape) > 1 else (*weight.shape, 1)
        row_bytes = columns // block * size
        step = max(1, PIECE_VALUES // columns)
        if weight.head_rows:
            step = max(1, step // weight.head_rows) * weight.head_rows
        with self._header.path.open("rb") as file:
            file.seek(weight.source.offset)
            for start in range(0, rows, step):
                count = min(step, rows - start)
                raw = np.fromfile(file, np.uint8, count * row_bytes).reshape(count, row_bytes)
                values = self._dequantized(raw, kind, weight)
                if not np.isfinite(values).all():
                    said = f"its tensor {weight.source.name} holds values that are no numbers"
                    raise damaged(self._header, said)
                yield _restored(values, weight.head_rows) if weight.head_rows else values

    def _dequantized(self, raw: NDArray[np.uint8], kind: Any, weight: Weight) -> Any:  # noqa: ANN401
        try:
            values = self._gguf.dequantize(raw, kind)
        except NotImplementedError as unknown:
            msg = (
                f"{self._header.path.name} cannot be taken as a base: its tensor "
                f"{weight.source.name} is of type {kind.name}, which cannot be unpacked; "
                "get the model in another type"
            )
            raise InvalidInputError(msg) from unknown
        return values - np.float32(weight.shift) if weight.shift else values

    def packed(self, weight: Weight) -> str:
        """How it is kept: norms and biases that bfloat16 would round stay in float32."""
        if len(weight.shape) > 1:
            return "BF16"
        values = np.concatenate([piece.ravel() for piece in self.pieces(weight)])
        exact = not (values.view(np.uint32) & 0xFFFF).any()
        return "BF16" if exact else "F32"

    def contents(self, entry: Entry, weight: Weight) -> Iterator[bytes]:
        """The tensor as safetensors hold it, in pieces."""
        for values in self.pieces(weight):
            yield values.tobytes() if entry.dtype == "F32" else bfloat16(values)


def bfloat16(values: NDArray[np.float32]) -> bytes:
    """Finite values, rounded to the nearest, ties to even."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def _restored(values: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    """Rows of each head in the order that transformers rotates: halves instead of pairs."""
    heads = values.reshape(-1, rows // 2, 2, *values.shape[1:])
    return np.ascontiguousarray(heads.swapaxes(1, 2)).reshape(values.shape)


def write_weights(
    folder: Path, weights: Sequence[Weight], source: Unpacked, progress: Progress
) -> dict[str, int]:
    """Write safetensors, and their index where they are several; values of each type they had."""
    kinds: dict[str, int] = {}
    entries = []
    for weight in weights:
        kind = source.kind(weight)
        kinds[kind] = kinds.get(kind, 0) + prod(weight.shape)
        dtype = source.packed(weight)
        size = (4 if dtype == "F32" else 2) * prod(weight.shape)
        entries.append(Entry(weight.name, dtype, weight.shape, Path(), 0, size))
    by_name = {weight.name: weight for weight in weights}
    progress.start("weights", len(entries))
    done = 0

    def stream(part: Sequence[Entry]) -> Iterator[bytes]:
        nonlocal done
        for entry in part:
            yield from source.contents(entry, by_name[entry.name])
            done += 1
            progress.advance(done, entry.name)

    write_model(folder, entries, stream)
    return kinds
