"""The heat maps' colours, for light and dark, readable by colour-blind people. Pure.

Two ramps: `share` goes from paper to blue; `change` from orange (worse) over paper to blue
(better), since blue and orange stay apart under every common colour blindness (Okabe and Ito 2008,
"Color Universal Design"). Figures stand in every cell; their ink is chosen by contrast.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

Rgb: TypeAlias = tuple[int, int, int]

STEPS = 11  # colours a ramp; odd, so that `change` has a middle
_INKS: tuple[Rgb, Rgb] = ((16, 20, 26), (255, 255, 255))
_LIGHT = {
    "share": ((243, 244, 240), (158, 202, 225), (33, 113, 181), (8, 48, 107)),
    "change": ((179, 82, 0), (245, 182, 117), (243, 244, 240), (146, 197, 222), (5, 97, 155)),
}
_DARK = {
    "share": ((31, 36, 43), (23, 78, 122), (66, 146, 198), (189, 221, 242)),
    "change": ((255, 167, 84), (140, 78, 24), (31, 36, 43), (23, 78, 122), (116, 190, 232)),
}


def share_step(share: float) -> int:
    """Step of the `share` ramp for a value of 0 to 1."""
    return round(min(1.0, max(0.0, share)) * (STEPS - 1))


def change_step(change: float, widest: float) -> int:
    """Step of the `change` ramp: `widest` better is full blue, as much worse full orange."""
    if widest <= 0:
        return STEPS // 2
    return share_step((change / widest + 1) / 2)


def ramp(stops: Sequence[Rgb]) -> list[Rgb]:
    """`STEPS` colours at even distances along the stops."""
    legs = list(pairwise(stops))
    colours = []
    for step in range(STEPS):
        place = step / (STEPS - 1) * len(legs)
        leg = min(int(place), len(legs) - 1)
        colours.append(_between(*legs[leg], place - leg))
    return colours


def ink(paper: Rgb) -> Rgb:
    """The ink that reads better on this paper."""
    return max(_INKS, key=lambda colour: contrast(colour, paper))


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio of 1 to 21: WCAG 2.2, "contrast ratio" and "relative luminance"."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def stylesheet() -> str:
    """Rules for the classes `share-0` ... and `change-0` ..., for both themes."""
    dark = "\n".join(f"  {rule}" for rule in _rules(_DARK))
    light = "\n".join(_rules(_LIGHT))
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def palettes() -> list[list[Rgb]]:
    """Every ramp of both themes."""
    return [ramp(stops) for theme in (_LIGHT, _DARK) for stops in theme.values()]


def _rules(theme: dict[str, tuple[Rgb, ...]]) -> list[str]:
    return [
        f".{name}-{step} {{ background: {_hex(colour)}; color: {_hex(ink(colour))}; }}"
        for name, stops in theme.items()
        for step, colour in enumerate(ramp(stops))
    ]


def _between(one: Rgb, other: Rgb, place: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * place) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004

    red, green, blue = (linear(channel) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
