"""A PEFT layer's matrices under llama.cpp's names, in the order of rows that llama.cpp keeps."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lamina.bases.families import FAMILIES, Family
from lamina.errors import DamagedError, InvalidInputError, MismatchError
from lamina.gguf import Header
from lamina.safetensors_stream import Entry, float32, read_entries

Matrix = NDArray[np.float32]
_NAME = re.compile(
    r"(?:base_model\.model\.)?(?P<module>(?:model\.)?layers\.(?P<block>\d{1,4})\.(?P<part>[\w.]+)"
    r"|lm_head)\.lora_(?P<half>[AB])(?:\.\w+)?\.weight\Z"
)
_ITEM_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
_MATRIX_DIMS = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """What is added to one weight: B A."""

    module: str  # PEFT's name of the module
    weight: str  # llama.cpp's name of its weight
    a: Entry  # (rank, inputs)
    b: Entry  # (outputs, rank)
    heads: int  # heads whose rows llama.cpp keeps in another order; 0 = none

    @property
    def rank(self) -> int:
        """Of this pair."""
        return self.a.shape[0]

    def matrices(self, factor: float) -> Iterator[Matrix]:
        """A, then B times the factor, both (rows, columns) in float32."""
        yield float32(self.a)
        b = float32(self.b)
        b = b if factor == 1 else b * np.float32(factor)
        yield _turned(b, self.heads) if self.heads else b


def pairs(weights: Path, base: Header) -> list[Pair]:
    """Every pair of a layer, each fitting a weight of the base.

    Raises:
        DamagedError: the file is cut short, or a pair is no pair.
        InvalidInputError: a tensor, or the base's family, is not among those that are known here.
        MismatchError: a weight that the base has not, or of another shape.

    """
    family = _family(base)
    halves: dict[str, dict[str, Entry]] = {}
    named: dict[str, tuple[str, str]] = {}
    for entry in read_entries(weights):
        found = _NAME.match(entry.name)
        weight = _weight(found, family) if found else None
        if found is None or weight is None:
            msg = (
                f"layer {weights.parent.name} holds {entry.name[:120]}, which GGUF layers do not "
                "carry; train it on the linear modules alone"
            )
            raise InvalidInputError(msg)
        halves.setdefault(weight, {})[found["half"]] = _checked(entry, weights)
        named[weight] = (found["module"], (found["part"] or "").rpartition(".")[2])
    if not halves:
        raise _damaged(weights, "it holds no matrices")
    return [
        _pair(
            weights, base, Pair(module, weight, *_both(weights, half), _heads(base, family, part))
        )
        for weight, half in halves.items()
        for module, part in [named[weight]]
    ]


def _family(base: Header) -> Family:
    architecture = base.text("general.architecture") or "unknown"
    if architecture not in FAMILIES:
        msg = (
            f"layers of the architecture {architecture} are not converted here, only those of "
            f"{', '.join(FAMILIES)} (Mistral is of llama's); convert it with llama.cpp's "
            "convert_lora_to_gguf.py and put the file into output/adapters_gguf"
        )
        raise InvalidInputError(msg)
    return FAMILIES[architecture]


def _weight(found: re.Match[str], family: Family) -> str | None:
    if found["block"] is None:
        return "output.weight"
    for ours, theirs in family.block.items():
        if theirs == found["part"] and "norm" not in ours:
            return f"blk.{int(found['block'])}.{ours}.weight"
    return None


def _checked(entry: Entry, weights: Path) -> Entry:
    size = _ITEM_BYTES.get(entry.dtype)
    if size is None:
        msg = (
            f"{weights} holds {entry.dtype} values; save the layer as float32, float16 or bfloat16"
        )
        raise InvalidInputError(msg)
    sizes = [each for each in entry.shape if isinstance(each, int) and each > 0]
    sound = len(sizes) == len(entry.shape) == _MATRIX_DIMS and entry.offset >= 0
    if not sound or prod(sizes) * size != entry.size_bytes:
        raise _damaged(weights, f"{entry.name[:120]} is no matrix")
    return entry


def _both(weights: Path, half: Mapping[str, Entry]) -> tuple[Entry, Entry]:
    if len(half) != len("AB"):
        raise _damaged(weights, f"{next(iter(half.values())).name[:120]} stands alone")
    return half["A"], half["B"]


def _pair(weights: Path, base: Header, pair: Pair) -> Pair:
    """The pair itself, if it fits the base's weight."""
    if pair.a.shape[0] != pair.b.shape[1]:
        raise _damaged(weights, f"the matrices of {pair.module} do not fit each other")
    there = base.tensors.get(pair.weight)
    wanted = there.shape if there else None
    if wanted != (pair.a.shape[1], pair.b.shape[0]):  # ggml order: the row length first
        said = "has not" if wanted is None else f"has with {wanted[1]} rows of {wanted[0]} values"
        msg = (
            f"layer {weights.parent.name} changes {pair.module} ({pair.b.shape[0]} rows of "
            f"{pair.a.shape[1]} values), which this base {said}; it was trained on another base"
        )
        raise MismatchError(msg)
    return pair


def _heads(base: Header, family: Family, part: str) -> int:
    """Heads of q or k, where llama.cpp's converter reorders the rows of their weights."""
    if not family.rotated or part not in {"q_proj", "k_proj"}:
        return 0
    architecture = base.text("general.architecture")
    heads = base.number(f"{architecture}.attention.head_count") or 0
    if part == "k_proj":
        heads = base.number(f"{architecture}.attention.head_count_kv") or heads
    if heads < 1:
        msg = f"{base.path.name} does not say how many heads it has; get a sound copy"
        raise DamagedError(msg)
    return int(heads)


def _turned(b: Matrix, heads: int) -> Matrix:
    """Rows as llama.cpp keeps them: a head's two halves interleaved (LlamaModel.permute)."""
    rows, columns = b.shape
    if rows % (2 * heads):
        msg = f"{rows} rows are no {heads} heads"
        raise DamagedError(msg)
    halves = b.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, columns))


def _damaged(weights: Path, why: str) -> DamagedError:
    return DamagedError(f"{weights} is damaged ({why}); copy the folder again")
