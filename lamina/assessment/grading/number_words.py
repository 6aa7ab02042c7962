"""Numbers that are written as words, below a thousand: `five`, `twenty-five`, `two hundred`."""

import re

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: value for value, word in enumerate(_ONES)} | {
    word: 10 * value for value, word in enumerate(_TENS, start=2)
}
_ONE = "|".join(sorted(_VALUES, key=len, reverse=True))
_TWO = rf"(?:{_ONE})(?:[-\s](?:{_ONE}))?"
PATTERN = rf"{_TWO}(?:\s+hundred(?:\s+(?:and\s+)?{_TWO})?)?"
_WORD = re.compile(r"[a-z]+")


def number_in_words(text: str) -> int | None:
    """The number that such words mean; None where they are no number, as in `two three`."""
    total = part = 0
    last = 100
    for word in _WORD.findall(text.casefold()):
        if word == "and":
            continue
        if word == "hundred":
            total, part, last = total + 100 * max(1, part), 0, 100
            continue
        value = _VALUES[word]
        if part and not (part in range(20, 100, 10) and last > value and 0 < value < 10):  # noqa: PLR2004 - tens, then ones
            return None
        part, last = part + value, value
    return total + part
