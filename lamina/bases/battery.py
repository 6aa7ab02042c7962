"""Texts on which a rebuilt tokenizer must say what llama.cpp says.

`battery.json` holds the fixed ones: figures, tables, accents, scripts, emoji, blanks and line ends;
the parts that are mixed; and running text whose next tokens both engines must foresee alike.
"""

import json
import random
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

_MIXED, _SPECIAL = 120, 12  # texts made of parts, and special tokens that are tried


@cache
def _held() -> dict[str, list[str]]:
    file = Path(__file__).with_name("battery.json")
    held: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return held


def texts(special: Sequence[str], seed: int = 1) -> Iterator[str]:
    """The fixed texts, mixtures of everything, and the model's own special tokens in the midst."""
    yield from _held()["texts"]
    chance = random.Random(seed)
    parts = _held()["mixed"]
    for _ in range(_MIXED):
        chosen = (chance.choice(parts) for _ in range(chance.randint(2, 40)))
        yield "".join(part + " " * chance.choice((0, 0, 1, 1, 2)) for part in chosen)
    for piece in special[:_SPECIAL]:
        yield f"{piece}user\nHello{piece} and{piece}\n{piece}{piece}12 x {piece}"


def passages() -> list[str]:
    """Running text."""
    return _held()["passages"]
