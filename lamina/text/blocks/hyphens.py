"""Words cut at line ends: joined, or kept with their hyphen, as the document itself writes them."""

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LONGEST_WORD = 60  # characters
_CUT_HEAD = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)-\Z")
_CUT_FIGURE = re.compile(r"\w-\Z")
_CUT_TAIL = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_WORDS_BEFORE_A_HYPHEN = (
    "non self pre post co mid ex all cross high low long short well in off on third first second "
    "multi inter intra sub anti semi tax non-tax held fair full half part year day time cash "
    "straight first-in last-in other-than mark-to write interest one two three four five ten"
)
_KEPT_AFTER = frozenset(_WORDS_BEFORE_A_HYPHEN.split())


class Vocabulary:
    """The words of one document, to tell `implemen-tation` from `mid-sized`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._words: set[str] = set()
        for line in lines:
            whole = line[: line.rfind(" ") + 1] if line.endswith("-") else line
            self._words.update(word.lower() for word in _WORD.findall(whole))

    def join(self, first: str, second: str) -> str:
        """One line from two, the hyphen at the end of the first one resolved."""
        head = _CUT_HEAD.search(first[-_LONGEST_WORD:])
        if not head:
            between = "" if _CUT_FIGURE.search(first) else " "
            return f"{first}{between}{second}"
        tail = _CUT_TAIL.match(second)
        if not tail or not tail.group()[0].islower():
            return first + second
        return (first[:-1] if self._is_one_word(head[1], tail.group()) else first) + second

    def _is_one_word(self, head: str, tail: str) -> bool:
        head, tail = head.lower(), tail.lower()
        if f"{head}-{tail}" in self._words:
            return False
        if f"{head}{tail}" in self._words:
            return True
        if head in _KEPT_AFTER:
            return False
        return not (head in self._words and tail in self._words and len(tail) > 2)  # noqa: PLR2004
