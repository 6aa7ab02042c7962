"""Words of a conversation that are spelled as special tokens are, and are meant as text.

A template's own `</s>` ends a turn; the same signs inside a message must not, or whoever writes the
message could end it and go on in another role. What stands in a message is marked before the
template sees it; what is marked stays text.

It does not help where a template marks turns with plain text, as `[INST]` of older Mistrals.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

_MARK = "\ufdd0"  # a noncharacter: Unicode keeps it for use inside a program


class Literals:
    """Marks what a vocabulary's special tokens could be read from."""

    def __init__(self, specials: Iterable[str]) -> None:
        """`specials` are the spellings of the tokens that no text stands for."""
        longest_first = sorted((one for one in specials if one), key=lambda one: (-len(one), one))
        self._specials = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def marked(self, text: str) -> str:
        """The text with a mark inside each spelling of a special token."""
        text = text.replace(_MARK, "")
        return self._specials.sub(lambda found: found[0][0] + _MARK + found[0][1:], text)

    def marked_within(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """The same of every text in a JSON value."""
        if isinstance(value, str):
            return self.marked(value)
        if isinstance(value, Mapping):
            return {self.marked(name): self.marked_within(one) for name, one in value.items()}
        return [self.marked_within(one) for one in value] if isinstance(value, list) else value

    def parts(self, rendered: str) -> Iterator[tuple[str, bool]]:
        """The text in parts, and whether special tokens are understood in each.

        A vocabulary begins anew behind every special token, so that the ids of all parts together
        are those of the whole.
        """
        if _MARK not in rendered:
            yield rendered, True
            return
        pieces = [*self._pieces(rendered)]
        for has_mark, group in groupby(pieces, key=lambda piece: _MARK in piece):
            yield "".join(group).replace(_MARK, ""), not has_mark

    def _pieces(self, rendered: str) -> Iterator[str]:
        """Special tokens of the template, and what lies between them."""
        end = 0
        for found in self._specials.finditer(rendered):
            yield from filter(None, (rendered[end : found.start()], found[0]))
            end = found.end()
        yield from filter(None, (rendered[end:],))
