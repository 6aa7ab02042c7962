from pathlib import Path

import pytest

from lamina.errors import InvalidInputError
from lamina.serving.layers.blends import AppliedLayer, Part, layer_set, parse_blend


def layer(name: str, scale: float = 1.0, digest: str | None = None) -> AppliedLayer:
    return AppliedLayer(digest or name * 64, scale, name, Path(f"{name}.gguf"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("base", ()),
        ("Leases", (Part("Leases", 1.0),)),
        ("Leases:0.6+Goodwill:0.4", (Part("Leases", 0.6), Part("Goodwill", 0.4))),
        ("Leases + Goodwill:-0.5", (Part("Leases", 1.0), Part("Goodwill", -0.5))),
    ],
)
def test_a_blend_is_read_as_written(text: str, parts: tuple[Part, ...]) -> None:
    assert parts == parse_blend(text)


@pytest.mark.parametrize(
    "text", ["", "+", "A+", "A:x", "A:nan", "A:inf", "A:1e9", "A:0", ":0.5", "A+base"]
)
def test_a_blend_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_blend(text)


def test_order_does_not_make_another_set() -> None:
    assert layer_set([layer("a"), layer("b")]) == layer_set([layer("b"), layer("a")])


def test_another_scale_makes_another_set() -> None:
    assert layer_set([layer("a", 0.5)]) != layer_set([layer("a", 0.6)])


def test_another_version_of_a_file_makes_another_set() -> None:
    assert layer_set([layer("a", digest="1")]) != layer_set([layer("a", digest="2")])


def test_scale_zero_means_absent() -> None:
    assert layer_set([]) == layer_set([layer("a", 0.0)])


def test_the_same_file_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="twice"):
        layer_set([layer("a", 0.5), layer("again", 0.5, digest="a" * 64)])
