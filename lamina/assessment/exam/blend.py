"""What is asked: the base, one layer, or several layers with scales."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lamina.assessment.exam.general import GENERAL
from lamina.errors import InvalidInputError
from lamina.workspace import LEVELS, checked_layer_name

_PART = re.compile(r"(?P<layer>[^:+]+)(?::(?P<scale>-?\d+(?:\.\d+)?))?\Z")
BASE = "base"
AUTO = "auto"  # whom the server finds by what is asked
_SERVING = ".serving"


@dataclass(frozen=True, slots=True)
class Blend:
    """Layers with their scales; none of them is the base itself."""

    parts: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        """As the server's `model` names it: `base`, `<layer>`, `<layer>:0.6+<layer>:0.4`."""
        return "+".join(_spelled(layer, scale) for layer, scale in self.parts) or BASE

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers' names, in the order given."""
        return tuple(layer for layer, _ in self.parts)


def parse_blend(text: str) -> Blend:
    """The blend that a text such as `ASC_Leases:0.6+ASC_Debt:0.4` names; a missing scale is 1.

    Raises:
        InvalidInputError: it is none, a layer's name cannot be, or a layer stands in it twice
            or with a scale of nought.

    """
    if text == BASE:
        return Blend()
    matches = [_PART.match(part.strip()) for part in text.split("+")]
    parts = [(match["layer"], float(match["scale"] or 1)) for match in matches if match]
    if len(parts) < len(matches):
        msg = f"{text!r} is no blend; write it as <layer>:0.6+<layer>:0.4"
        raise InvalidInputError(msg)
    if any(scale == 0 for _, scale in parts):
        msg = f"blend {text!r} gives a layer the scale 0; leave that layer out"
        raise InvalidInputError(msg)
    names = [checked_layer_name(layer) for layer, _ in parts]
    if len(set(names)) < len(names):
        msg = f"blend {text!r} names a layer twice; name it once, with the sum of the scales"
        raise InvalidInputError(msg)
    return Blend(tuple(parts))


def own_topics(name: str, topics: Sequence[str]) -> tuple[str, ...]:
    """Topics that a layer or blend is named after; all there are for the levels, which know all."""
    parts = parse_blend(name).layers
    if any(part in LEVELS for part in parts):
        return tuple(topic for topic in topics if topic != GENERAL)
    return tuple(topic for topic in topics if topic in parts)


def serving_name(layer: str) -> str:
    """The name under which the version that serves is asked beside a candidate for its place."""
    return f"{layer}{_SERVING}"


def layer_of(name: str) -> str:
    """The layer whose place it is: a version that serves is named after it."""
    return name.removesuffix(_SERVING)


def _spelled(layer: str, scale: float) -> str:
    return layer if scale == 1 else f"{layer}:{scale:g}"
