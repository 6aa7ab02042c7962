"""What an answer mentions without stating it: comparisons, negations, and names with numbers."""

import re
from collections.abc import Iterable
from typing import Protocol, TypeVar

_COMPARED = re.compile(
    r"\b(?:compared\s+(?:to|with)|versus|vs\.?|than|against|instead\s+of|rather\s+than|not|isn't"
    r"|wasn't|from|prior\s+year)\s+(?:(?:about|approximately|the|only|just|in|to|at|of)\s+)*\W*\Z",
    re.IGNORECASE,
)
_FROM = re.compile(r"\bfrom\s+(?:about\s+|approximately\s+)?\W*\Z", re.IGNORECASE)
_TO = re.compile(
    r"\s*(?:to|-|through|in\s+\w+\s+to)\s*(?:about\s+|approximately\s+)?\Z", re.IGNORECASE
)
_NAME = re.compile(
    r"\b(?:notes?|items?|levels?|sections?|asc|asu|ifrs|ias|topic|pages?|form|rule|table|exhibit"
    r"|part|lots?|no\.|phase|tier|step|series|class|chapter|schedule|footnote|paragraph|scope)"
    r"\s*[#(]?\Z|#\Z",
    re.IGNORECASE,
)
_NEAR = 80  # characters before it that can tell
_ITEM = re.compile(r"[.)]\s+\S")
_NUMBERED = re.compile(r"(?:\A|\n)\s*\Z")  # before the number of a list's item


_CLAUSE = re.compile(
    r"[,;]?\s*\(?\b(?:(?:as\s+)?compared\s+(?:to|with)|versus|vs\b\.?|(?:up|down)\s+from|as\s+against)\b"
    r"(?:[^.;\n]|\.(?=\d))*",
    re.IGNORECASE,
)
_EITHER = re.compile(r"\beither\b.+\bor\b", re.IGNORECASE | re.DOTALL)
_OR = re.compile(r"\bor\s+(?:(?:about|approximately|perhaps|maybe|else|even)\s+)*\Z", re.IGNORECASE)
_OR_AFTER = re.compile(r",?\s+or\b", re.IGNORECASE)
# "(from 9 to 4)", "(9 versus 4)", "(2018: 9)": what a figure is compared with.
_BRACKETED = re.compile(
    r"\s*\((?:from\b|compared\b|(?:fy|fiscal\s)?(?:19|20)\d\d\s?[:=]|[^()]*\b(?:versus|vs)\b)[^()]*\)",
    re.IGNORECASE,
)


class Placed(Protocol):
    """Something found in a text."""

    @property
    def start(self) -> int:
        """First character."""

    @property
    def end(self) -> int:
        """After its last character."""


Found = TypeVar("Found", bound=Placed)


def stated(text: str, found: Iterable[Found]) -> list[Found]:
    """What is stated of it, without what it is compared with, or is said not to be.

    In "fell by 5 from 9 to 4" only 5 is stated; in "rose from 9 to 14", 14 is.
    """
    kept: list[Found] = []
    dropped: Found | None = None  # the start of "from 9 to 4"
    for one in found:
        before = _before(text, one.start)
        ends_range = dropped is not None and _TO.fullmatch(text[dropped.end : one.start])
        if ends_range and kept:
            continue
        dropped = one if _FROM.search(before) else None
        if _COMPARED.search(before):
            continue
        kept.append(one)
    return kept


def is_name(text: str, start: int, end: int) -> bool:
    """Whether the figure there belongs to a name or numbers a list: Note 7, Level 2, `1. First`."""
    if _NAME.search(_before(text, start)):
        return True
    numbers = text[start:end].isdigit() and _NUMBERED.search(_before(text, start))
    return bool(numbers) and _ITEM.match(text, end) is not None


def without_comparisons(text: str) -> str:
    """The text without what says with what something is compared, if anything else is left."""
    rest = _CLAUSE.sub("", _BRACKETED.sub("", text))
    return rest if any(sign.isalnum() for sign in rest) else text


def hedges(text: str) -> bool:
    """Whether a text gives one thing or another."""
    return _EITHER.search(text) is not None


def is_alternative(text: str, one: Placed) -> bool:
    """Whether `or` stands before or after it."""
    return bool(_OR.search(_before(text, one.start)) or _OR_AFTER.match(text, one.end))


def _before(text: str, start: int) -> str:
    return text[max(0, start - _NEAR) : start]
