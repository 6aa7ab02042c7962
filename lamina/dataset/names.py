"""Companies' names in a document: where it says whose document it is, and how it spells a name.

A document says so on its title page, in its running heads, where it defines "the Company", and
where its auditors address somebody. Other companies that its text speaks of (targets, partners,
auditors) do not stand in these places.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lamina.text.pages import Page

_TOP, _BOTTOM = 4, 3  # printed lines of a page where heads and feet stand
_MOST_WORDS = 9
_LONGEST = 80  # characters of a name
_WORD = r"(?:(?<!\w)[A-Z0-9][\w.&'\u2019\-]{0,40}|&)"
_JOIN = r"(?:,?\s+(?:of|and|the|de|for)\s+|,?\s+)"
_LEGAL = (
    r"(?:Incorporated|Inc\b\.?|Corporation|Corp\b\.?|Company|Companies|Co\.|plc|PLC|Plc|Limited|"
    r"Ltd\b\.?|LLC|L\.L\.C\.|L\.P\.|LP|N\.V\.|S\.A\.|AG|SE|SpA|Group|Holdings|International|"
    r"INCORPORATED|INC\b\.?|CORPORATION|CORP\b\.?|COMPANY|COMPANIES|LIMITED|LTD\b\.?|GROUP|HOLDINGS|"
    r"INTERNATIONAL)"
)
_FULL = rf"{_WORD}(?:{_JOIN}{_WORD}){{0,6}}?,?\s+{_LEGAL}(?:,?\s+{_LEGAL})*"
_ANY = rf"{_WORD}(?:{_JOIN}{_WORD}){{0,5}}"
_SUBSIDIARIES = (
    r"(?:,?\s+(?:and|AND|&)\s+(?:its\s+|ITS\s+)?(?:\w+\s+)?(?:Subsidiar|SUBSIDIAR)\w+(?:\s+\w+)?)?"
)
_REPORT = r"(?:(?:19|20)\d\d\s+)?(?:Annual Report|ANNUAL REPORT|(?:FORM|Form)\s+(?:10|20)-[KQF])"
_CHARTER = re.compile(r"exact name of (?:the )?registrant", re.IGNORECASE)
_HEADS = (
    re.compile(rf"(?P<name>{_FULL}){_SUBSIDIARIES}(?:\s+\d{{1,4}})?"),
    re.compile(rf"(?P<name>{_FULL}){_SUBSIDIARIES}\s+(?:Notes to|NOTES TO)\s.*"),
    re.compile(
        rf"(?:\d{{1,4}}\s+)?(?P<name>{_ANY}?)[\s|,\u2014\u2013-]+(?:19|20)\d\d\s+{_REPORT}.{{0,30}}"
    ),
    re.compile(rf"(?:\d{{1,4}}\s+)?(?P<name>{_FULL})[\s|,\u2014\u2013-]+{_REPORT}.{{0,30}}"),
    re.compile(rf"(?:19|20)\d\d\s+{_REPORT}[\s|,\u2014\u2013-]+(?P<name>{_FULL})(?:\s+\d{{1,4}})?"),
)
_DEFINED = re.compile(
    rf"(?P<name>{_FULL})[^.;()\"\u201c]{{0,60}}\((?:[^()]{{0,80}})?[\"\u201c](?:the\s+|our\s+)?"
    rf"(?:Company|Corporation|Registrant|we|us)[,.]?[\"\u201d]"
)
_OWNERS = r"(?:Board of Directors|(?:Share|Stock)\w+)"
_ADDRESSED = re.compile(
    rf"To (?:the )?{_OWNERS}(?:,? and (?:the )?{_OWNERS})?,? of\s+(?P<name>{_FULL}|{_ANY})"
)
_NO_NAME = frozenset(
    ("notes", "note", "item", "part", "table", "consolidated", "financial", "statements", "the",
     "statement", "annual", "report", "form", "index", "contents", "quarterly")
)  # fmt: skip
_SMALL = frozenset(("and", "of", "the", "for", "de"))
_SEPARATORS = r"[\s&.,'\u2019-]{0,3}"


@dataclass(frozen=True)
class Named:
    """Names by which a document says whose it is, in squashed form, with spellings and weights."""

    weights: Counter[str]
    spelled: dict[str, str]

    def best(self) -> str:
        """The one name that all places agree on; empty where they do not, or say too little."""
        ranked = self.weights.most_common()
        if not ranked or ranked[0][1] < _ENOUGH:
            return ""
        top = ranked[0][0]
        rivals = [one for one, _ in ranked[1:] if not (top.startswith(one) or one.startswith(top))]
        return (
            ""
            if any(2 * self.weights[one] >= ranked[0][1] for one in rivals)
            else self.spelled[top]
        )

    def like(self, squashed: str) -> str:
        """The name that begins as this one does; empty where none or several do."""
        found = [one for one in self.weights if one.removeprefix("the").startswith(squashed)]
        return self.spelled[max(found, key=lambda one: self.weights[one])] if found else ""


_TITLE_WEIGHT, _ENOUGH = 4, 2


def names_in(pages: Sequence[Page]) -> Named:
    """The names in the places where a document says whose it is."""
    weights: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for name, weight in _found(pages):
        clean = _cleaned(name)
        if key := squashed(clean):
            weights[key] += weight
            known = spelled.get(key)
            if known is None or (known.isupper() and not clean.isupper()):
                spelled[key] = clean
    return Named(weights, spelled)


def _found(pages: Sequence[Page]) -> Iterator[tuple[str, int]]:
    for page in pages:
        lines = [" ".join(line.text.split()) for line in page.lines if line.text.strip()]
        for index, line in enumerate(lines[1:], start=1):
            if _CHARTER.search(line) and len(lines[index - 1]) <= _LONGEST:
                yield lines[index - 1], _TITLE_WEIGHT
        for line in {*lines[:_TOP], *lines[-_BOTTOM:]}:
            for pattern in _HEADS if len(line.split()) <= _MOST_WORDS + _TOP else ():
                if found := pattern.fullmatch(line):
                    yield found["name"], 1
                    break
        text = " ".join(lines)
        for pattern, weight in ((_DEFINED, 1), (_ADDRESSED, 2)):
            for found in pattern.finditer(text):
                yield found["name"], weight


def _cleaned(name: str) -> str:
    """The name alone; empty where it is none."""
    words = name.strip(" ,|").split()
    is_bare = all(word.casefold().strip(".,") in _NO_NAME for word in words)
    is_odd = any(word.casefold() in _NO_NAME - {"the"} for word in words)
    if is_bare or is_odd or len(words) > _MOST_WORDS or len(name) > _LONGEST:
        return ""
    return " ".join(words)


def squashed(name: str) -> str:
    """Letters and figures of a name alone, in small letters."""
    return "".join(char for char in name.casefold() if char.isalnum())


def spelling(name: str, text: str) -> str:
    """How the text spells a name that is known by its letters only; empty where it does not."""
    letters = squashed(name)
    if not letters:
        return ""
    dot = r"\.?" if name.endswith(".") else ""
    pattern = rf"(?<![\w&]){_SEPARATORS.join(map(re.escape, letters))}(?![\w&]){dot}"
    counts = Counter(
        " ".join(found[0].split())
        for found in re.finditer(pattern, text, re.IGNORECASE)
        if found[0][0].isupper() or found[0][0].isdigit()
    )
    mixed = Counter({one: count for one, count in counts.items() if not one.isupper()})
    return (mixed or counts).most_common(1)[0][0] if counts else ""


def readable(name: str) -> str:
    """A name in capitals as one reads it: `THE BOEING COMPANY` is The Boeing Company."""
    if not name.isupper():
        return name
    words = name.split()
    return " ".join(_word(word, first=index == 0) for index, word in enumerate(words))


def _word(word: str, *, first: bool) -> str:
    bare = word.strip(".,")
    if bare.casefold() in _SMALL and not first:
        return word.casefold()
    is_short = len(bare) <= 3 and bare not in {"INC", "LTD", "THE", "CO"}  # noqa: PLR2004 - MGM
    return word if is_short or not bare.replace(".", "").isalpha() else word.capitalize()
