"""The telling words of a text, and pairs of them: what a layer is found by.

Common words and figures tell nothing and are left out; years stay. Plurals and a few endings go, so
that a question meets the text in another number or tense. The rules are English; words of other
languages stay whole.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

_WORD = re.compile(r"(?<![\w.,])(?:19|20)\d\d(?!\w|[.,]\d)|[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_COMMON = """
a about above after again against all also an and any are as at be because been before being
below between both but by can could did do does doing down during each few for from further had
has have having he her here him his how i if in into is it its just let may me might more most
much must my no nor not of off on once only or other our out over own per please same shall she
should so some such tell than that the their them then there these they this those through to
too under until up us very was we were what when where which while who whom why will with within
would you your
"""
_ENDINGS = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""))
_LEAST_STEM = 3  # letters
_LEFT_OUT = frozenset(_COMMON.split())


def terms(text: str) -> Iterator[str]:
    """Words and pairs in their order; a pair has a space in it."""
    told = [stem for word in _WORD.findall(text) if (stem := _stem(word))]
    yield from told
    yield from (f"{one} {two}" for one, two in pairwise(told))


@lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    """What a word tells; empty where it is common."""
    plain = word.casefold().replace("\u2019", "'").removesuffix("'s")
    if plain in _LEFT_OUT or len(plain) == 1:
        return ""
    for ending, instead in _ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= _LEAST_STEM:
            if plain.endswith(("ss", "us", "is")) and ending == "s":
                break
            plain = plain.removesuffix(ending) + instead
            break
    return plain[:-1] if plain.endswith("e") and len(plain) > _LEAST_STEM + 1 else plain
