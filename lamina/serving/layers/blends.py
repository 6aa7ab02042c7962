"""Which layers answer, and how strongly: the spelling of blends and the identity of a layer set."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from lamina.errors import InvalidInputError
from lamina.serving.layers.files import Stamp

BASE = "base"
DEFAULT = "default"
AUTO = "auto"  # whatever layer was trained on it, unless a layer or a saved blend is called so
LOCAL = "local"  # what clients of one-model servers send: the default, unless a layer is called so
_MAX_LAYERS = 16
_MAX_SCALE = 100.0
_LEAST_SCALE = 1e-6  # below it, float32 would lose the layer without a word


class Part(NamedTuple):
    """One layer of a blend as the caller named it: a name, a number or a path."""

    layer: str | int | Path
    scale: float


@dataclass(frozen=True)
class AppliedLayer:
    """One version of a layer at one strength. Its content and scale are its identity."""

    digest: str  # sha256 of the GGUF file
    scale: float
    name: str = field(compare=False)
    path: Path = field(compare=False)
    size_bytes: int = field(compare=False, default=0)
    stamp: Stamp | None = field(compare=False, default=None)  # of the file when it was hashed


@dataclass(frozen=True)
class LayerSet:
    """Layers that are applied together. KV is shared only within one set; no layers = the base."""

    layers: tuple[AppliedLayer, ...] = ()

    @property
    def label(self) -> str:
        """The blend in the spelling that `model` takes."""
        if not self.layers:
            return BASE
        return "+".join(f"{layer.name}:{layer.scale:g}" for layer in self.layers)


def layer_set(layers: Iterable[AppliedLayer]) -> LayerSet:
    """The set of these layers: order does not matter, a scale of 0 means absent.

    Raises:
        InvalidInputError: a layer twice, or too many layers.

    """
    present = sorted((one for one in layers if one.scale != 0), key=lambda one: one.digest)
    for first, second in pairwise(present):
        if first.digest == second.digest:
            msg = (
                f"layer {second.name} (the same file as {first.name}) stands twice in the blend; "
                "name it once, with the sum of the scales"
            )
            raise InvalidInputError(msg)
    if len(present) > _MAX_LAYERS:
        msg = f"a blend of {len(present)} layers is too large; take at most {_MAX_LAYERS}"
        raise InvalidInputError(msg)
    return LayerSet(tuple(present))


def checked_scale(value: object, layer: object) -> float:
    """The scale itself, a finite number; 0 leaves the layer out.

    Raises:
        InvalidInputError: it is no number, not finite, absurdly large, or too small for an effect.

    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _bad_scale(value, layer)
    try:
        scale = float(value)
    except ValueError as error:
        raise _bad_scale(value, layer) from error
    if not math.isfinite(scale) or abs(scale) > _MAX_SCALE or 0 < abs(scale) < _LEAST_SCALE:
        raise _bad_scale(value, layer)
    return scale


def _bad_scale(value: object, layer: object) -> InvalidInputError:
    return InvalidInputError(
        f"scale {value!r} of layer {layer} cannot be used; "
        f"give a number between -{_MAX_SCALE:g} and {_MAX_SCALE:g}, 0 or from {_LEAST_SCALE:g} on"
    )


def parse_blend(text: str) -> tuple[Part, ...]:
    """The parts of `A`, `A:0.6+B:0.4` or `base`; the scale is 1 where none is given.

    Raises:
        InvalidInputError: an empty name, or a scale that is no number or has no effect.

    """
    if text == BASE:
        return ()
    return tuple(_parse_part(piece.strip(), text) for piece in text.split("+"))


def _parse_part(piece: str, whole: str) -> Part:
    name, colon, scale = piece.partition(":")
    if not name or name == BASE:
        msg = f"blend {whole!r} cannot be read; write it like Leases:0.6+Goodwill:0.4"
        raise InvalidInputError(msg)
    value = checked_scale(scale, name) if colon else 1.0
    if value == 0:
        msg = f"layer {name} with scale 0 has no effect; leave it out of {whole!r}"
        raise InvalidInputError(msg)
    return Part(name, value)
