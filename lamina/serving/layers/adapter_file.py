"""Reads a layer's GGUF file and says whether this base can take it, before llama.cpp sees it.

llama.cpp ends the process on some malformed files (a metadata value of another type than it
expects) and accepts some that mean nothing (a layer of zeros, one made for another base of the same
shape). So everything is checked here: format, types, pairs, shapes, passport, effect. A layer's
strength is alpha / rank, which llama.cpp applies itself.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from lamina.errors import DamagedError, MismatchError
from lamina.gguf import Header, Tensor, read_header
from lamina.passport import PREFIX, BaseIdentity, Passport, identify_gguf
from lamina.passport.profile import KEY, read

_TEXT, _FLOAT32 = 8, 6  # GGUF value types
_F32, _F16, _BF16, _Q8_0 = 0, 1, 30, 8  # ggml tensor types
_BLOCKS = {_F32: (1, 4), _F16: (1, 2), _BF16: (1, 2), _Q8_0: (32, 34)}  # values, bytes
_INFINITE = {_F32: 0x7F800000, _F16: 0x7C00, _BF16: 0x7F80, _Q8_0: 0x7C00}
_EXPECTED_KINDS = {
    "general.type": _TEXT,
    "general.architecture": _TEXT,
    "general.name": _TEXT,
    "adapter.type": _TEXT,
    "adapter.lora.alpha": _FLOAT32,
}
_A, _B = ".lora_a", ".lora_b"
_MATRIX_DIMS = 2
_MAX_NAME = 63


@dataclass(frozen=True)
class BaseProfile:
    """What a layer must fit: identity and tensor shapes of the base that is served."""

    identity: BaseIdentity
    shapes: dict[str, tuple[int, ...]]  # ggml order: the row length first
    path: Path
    n_heads: int = 0  # of attention; 0 = the file does not say


@dataclass(frozen=True)
class AdapterFacts:
    """What a sound layer file says about itself."""

    passport: Passport | None
    alpha: float
    rank: int
    profile: str = ""  # of what it was trained on; empty: the file holds none


def read_base(path: Path) -> BaseProfile:
    """Profile of the base that is to be served.

    Raises:
        NotFoundError: no such file.
        DamagedError: no GGUF file, or no model.

    """
    header = read_header(path)
    identity = identify_gguf(header)
    shapes = {name: tensor.shape for name, tensor in header.tensors.items()}
    n_heads = header.number(f"{identity.architecture}.attention.head_count") or 0
    return BaseProfile(identity, shapes, path, int(n_heads))


def check_adapter(path: Path, base: BaseProfile, name: str | None = None) -> AdapterFacts:
    """Facts of a layer that this base can take; messages call it `name`, else by its file.

    Raises:
        NotFoundError: no such file.
        DamagedError: no GGUF adapter, damaged, or without effect.
        MismatchError: made for another base, or the base already contains layers.

    """
    header = read_header(path)
    _check_kinds(header)
    _check_is_lora(header)
    passport = Passport.from_gguf(header)
    called = name or path.name
    if name == base.identity.name:
        msg = f"layer {name} is called as this base is, which answers to that name; rename the file"
        raise MismatchError(msg)
    _check_base(called, header, passport, base)
    pairs = _pairs(header)
    for weight, (a, b) in pairs.items():
        _check_shapes(called, weight, a, b, base)
    _check_effect(path, pairs)
    rank = max(a.shape[1] for a, _ in pairs.values())
    profile = _profile(header)
    return AdapterFacts(passport, header.number("adapter.lora.alpha") or 0.0, rank, profile)


def _profile(header: Header) -> str:
    text = header.text(PREFIX + KEY) or ""
    try:
        if text:
            read(text)
    except DamagedError as broken:
        raise _damaged(header.path, str(broken)) from broken
    return text


def _check_kinds(header: Header) -> None:
    if "" in header.kinds:
        raise _damaged(header.path, "a metadata key is empty")
    for key, kind in _EXPECTED_KINDS.items():
        if header.kinds.get(key, kind) != kind:
            raise _damaged(header.path, f"{key} is of another type")


def _check_is_lora(header: Header) -> None:
    if header.text("general.type") != "adapter" or header.text("adapter.type") != "lora":
        what = header.text("general.type") or "something else"
        msg = f"{header.path} is no LoRA layer but {what}; name a file that export_layers made"
        raise DamagedError(msg)
    if "adapter.alora.invocation_tokens" in header.metadata:
        msg = f"{header.path} is an activated LoRA, which Lamina does not serve; train a plain one"
        raise DamagedError(msg)


def _check_base(called: str, header: Header, passport: Passport | None, base: BaseProfile) -> None:
    served = base.identity
    if served.layers:
        msg = (
            f"{base.path.name} already contains the layers {', '.join(served.layers)} and takes no "
            "more; serve the base itself to use layers"
        )
        raise MismatchError(msg)
    architecture = header.text("general.architecture")
    if architecture != served.architecture:
        msg = (
            f"layer {called} is for architecture {architecture}, this base is "
            f"{served.architecture}; train it on this base"
        )
        raise MismatchError(msg)
    if passport and passport.base_fingerprint != served.fingerprint:
        msg = (
            f"layer {called} was trained on {passport.base_name} "
            f"({passport.base_fingerprint[:12]}), but this server runs {served.name} "
            f"({served.fingerprint[:12]}); serve that base, or train the layer on this one"
        )
        raise MismatchError(msg)


def _pairs(header: Header) -> dict[str, tuple[Tensor, Tensor]]:
    size = header.path.stat().st_size
    halves: dict[str, dict[str, Tensor]] = {}
    for name, tensor in header.tensors.items():
        _check_tensor(header.path, tensor, size)
        if name.endswith((_A, _B)):
            halves.setdefault(name[: -len(_A)], {})[name[-len(_A) :]] = tensor
        else:
            raise _damaged(header.path, f"tensor {name} belongs to no pair")
    if not halves:
        raise _damaged(header.path, "it holds no tensors")
    for name, half in halves.items():
        if len(half) != len((_A, _B)):
            raise _damaged(header.path, f"the pair of {name} is incomplete")
    return {name: (half[_A], half[_B]) for name, half in halves.items()}


def _check_tensor(path: Path, tensor: Tensor, file_bytes: int) -> None:
    if tensor.type not in _BLOCKS:
        raise _damaged(path, f"tensor {tensor.name} has type {tensor.type}, not F32, F16 or Q8_0")
    if len(tensor.shape) != _MATRIX_DIMS or 0 in tensor.shape or len(tensor.name) > _MAX_NAME:
        raise _damaged(path, f"tensor {tensor.name} is no matrix")
    values, size = _BLOCKS[tensor.type]
    if tensor.shape[0] % values:
        raise _damaged(path, f"tensor {tensor.name} has broken rows")
    if tensor.offset + prod(tensor.shape) // values * size > file_bytes:
        raise _damaged(path, "it is cut short")


def _check_shapes(called: str, name: str, a: Tensor, b: Tensor, base: BaseProfile) -> None:
    """As llama.cpp asks: W (k, m), A (k, r), B (r, m); the embedding's pair is flipped."""
    weight = base.shapes.get(name)
    if weight is None:
        msg = f"layer {called} changes {name}, which this base has not; train it on this base"
        raise MismatchError(msg)
    if name.endswith("token_embd.weight"):
        fits = weight[0] == b.shape[1] and weight[1] == a.shape[1] and a.shape[0] == b.shape[0]
    else:
        fits = weight[0] == a.shape[0] and weight[1] == b.shape[1] and a.shape[1] == b.shape[0]
    if not fits:
        msg = (
            f"layer {called} does not fit {name} of this base "
            f"({a.shape} and {b.shape} against {weight}); train it on this base"
        )
        raise MismatchError(msg)


def _check_effect(path: Path, pairs: dict[str, tuple[Tensor, Tensor]]) -> None:
    """Some pair must change something, and nothing may be infinite or no number."""
    effective = False
    with path.open("rb") as file:
        for name, pair in pairs.items():
            peaks = [_peak_bits(_read(file, tensor), tensor.type) for tensor in pair]
            if any(
                peak >= _INFINITE[tensor.type] for peak, tensor in zip(peaks, pair, strict=True)
            ):
                raise _damaged(path, f"{name} holds values that are no numbers")
            effective = effective or min(peaks) > 0
    if not effective:
        msg = f"layer {path} has no effect: its weights are zero; train it again"
        raise DamagedError(msg)


def _read(file: BinaryIO, tensor: Tensor) -> npt.NDArray[np.uint8]:
    values, size = _BLOCKS[tensor.type]
    file.seek(tensor.offset)
    return np.frombuffer(file.read(prod(tensor.shape) // values * size), np.uint8)


def _peak_bits(raw: npt.NDArray[np.uint8], kind: int) -> int:
    """Bits of the largest magnitude: without their sign, IEEE floats order like integers.

    So infinity and NaN show as a value from `_INFINITE` on, and float16 needs no slow arithmetic.
    """
    if kind == _F32:
        return int((raw.view("<u4") & 0x7FFFFFFF).max())
    if kind in (_F16, _BF16):
        return int((raw.view("<u2") & 0x7FFF).max())
    blocks = raw.reshape(-1, _BLOCKS[kind][1])  # Q8_0: a float16 scale, then 32 int8 values
    scales = np.ascontiguousarray(blocks[:, :2]).view("<u2") & 0x7FFF
    effective = blocks[:, 2:].any(axis=1, keepdims=True)
    infinite = scales >= _INFINITE[kind]
    return int((scales * (effective | infinite)).max())


def _damaged(path: Path, why: str) -> DamagedError:
    return DamagedError(f"layer {path} is damaged ({why}); copy or export it again")
