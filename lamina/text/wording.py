"""Wording, figures aside: runs of thirteen words, as numbers that are compared instead of texts.

Two texts that share such a run say the same of other figures, or are copies: another year of the
same report, the same page in another file. A run is a number of 64 bits: among a billion of them
about one in forty million is taken for another.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Runs = NDArray[np.uint64]

RUN_WORDS = 13
_WORD = re.compile(r"\d[\d.,]*|[^\W\d_]+")
_FIGURE = "#"
_STEP = 0x9E3779B97F4A7C15  # odd: an odd multiplier loses nothing modulo 2**64
_MIX = 0xBF58476D1CE4E5B9


def masked_words(text: str) -> list[str]:
    """The words in small letters, each figure or row of figures as one mask."""
    words: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if word[0].isdigit():
            if not words or words[-1] != _FIGURE:
                words.append(_FIGURE)
        else:
            words.append(word)
    return words


def wording(text: str) -> "Runs":
    """Every run of the text in order; empty where it has fewer words."""
    import numpy as np

    words = masked_words(text)
    count = len(words) - RUN_WORDS + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    numbers = np.fromiter(map(_number, words), np.uint64, len(words))
    runs = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        for place in range(RUN_WORDS):
            runs = runs * np.uint64(_STEP) + numbers[place : place + count]
        runs ^= runs >> np.uint64(30)
        runs *= np.uint64(_MIX)
        return runs ^ (runs >> np.uint64(27))


@lru_cache(maxsize=1 << 16)
def _number(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(errors="replace"), digest_size=8).digest(), "little")


def shared(runs: "Runs", known: "Runs") -> "NDArray[np.bool_]":
    """Of each run, whether it is among the known ones, which are sorted."""
    import numpy as np

    if not known.size:
        return np.zeros(runs.shape, bool)
    places = np.minimum(np.searchsorted(known, runs), known.size - 1)
    return np.asarray(known[places] == runs)
