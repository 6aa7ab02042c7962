"""Where sentences end."""

import re

_END = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)]*\s+(?=[\"'\u201c\u2018(]?[A-Z0-9\u2022])")
_NO_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Inc|Corp|Co|Ltd|No|Nos|vs|etc|e\.g|i\.e|cf|approx|Fig|Sec|Art|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|U\.S|U\.K|Vol|pp|p)|\b[A-Z])\.\Z"
)


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, whole: abbreviations and initials do not end one."""
    result: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if not _NO_END.search(text[start : end.start()]):
            result.append(text[start : end.end()].strip())
            start = end.end()
    rest = text[start:].strip()
    return [*result, rest] if rest else result
