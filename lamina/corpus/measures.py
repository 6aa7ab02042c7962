"""The figures that tell text from what only looks like it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from lamina.text.pages import Page, Pages

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_SAME_LETTERS = 0.93  # measured: English lists 0.97, Czech 0.87, garbled fonts 0.5
MIN_WORDS_TO_JUDGE = 40  # below, shares of words say nothing


@dataclass(frozen=True)
class Measures:
    """Of the readable pages, but for the bad characters, which are those of all pages."""

    characters: int
    words: int
    alpha_ratio: float  # letters among the characters that are no space
    function_word_share: float  # common words of the language among words
    bad_character_share: float  # characters without meaning
    readable_page_share: float  # pages of text or tables among those that are not blank
    garbled_page_share: float  # pages without meaning among those with characters
    is_list: bool  # hardly any sentences, but in the letters of the pages that have some


def measure(pages: Pages, common: frozenset[str], prose_share: float) -> Measures:
    """The document's figures.

    `common` are the language's function words (none: every word counts as one); `prose_share` is
    their share in a page of sentences.
    """
    readable = [page for page in pages.pages if page.kind in {"text", "table"}]
    full = sum(page.kind != "blank" for page in pages.pages)
    garbled = sum(page.kind == "garbled" for page in pages.pages)
    text = "\n".join(page.text for page in readable)
    solid = len("".join(text.split()))
    bad = sum(page.bad for page in pages.pages)
    words = _WORD.findall(text.lower())
    function = sum(word in common for word in words) if common else len(words)
    return Measures(
        characters=len(text),
        words=len(words),
        alpha_ratio=sum(map(str.isalpha, text)) / max(1, solid),
        function_word_share=function / max(1, len(words)),
        bad_character_share=bad / max(1, solid + bad),
        readable_page_share=len(readable) / max(1, full),
        garbled_page_share=garbled / max(1, garbled + len(readable)),
        is_list=_is_list(readable, common, prose_share),
    )


def _is_list(pages: Sequence[Page], common: frozenset[str], prose_share: float) -> bool:
    """Whether the pages without sentences are written in the letters of those with sentences.

    Directories and tables of names have few function words. What tells them from another language
    or from a font without meaning is a page of prose, and that letters are as frequent elsewhere.
    """
    prose: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for page in pages:
        words = _WORD.findall(page.text.lower())
        share = sum(word in common for word in words) / max(1, len(words))
        is_prose = len(words) >= MIN_WORDS_TO_JUDGE and share >= prose_share
        (prose if is_prose else other).update("".join(words))
    return bool(prose) and _cosine(prose, other) > _SAME_LETTERS


def _cosine(first: Counter[str], second: Counter[str]) -> float:
    """Cosine of the angle between two tables of counts: 1 for equal shares, 0 for none shared."""
    product = sum(count * second[letter] for letter, count in first.items())
    lengths = [hypot(*counter.values()) for counter in (first, second)]
    return product / (lengths[0] * lengths[1]) if all(lengths) else 0.0
