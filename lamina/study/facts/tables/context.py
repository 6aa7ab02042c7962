"""What a table is of: the sentence that leads to it, or the heading that it stands under."""

import re
from collections.abc import Collection, Sequence

from lamina.study.facts.tables.labels import clean
from lamina.study.facts.tables.scales import without_scales
from lamina.text.pages import CELL_BORDER, Line
from lamina.text.sentences import sentences

_LEAD_STEP = 1.7  # heights of the font between the lines of a paragraph
_DETERMINERS = frozenset(("The", "All", "A", "An", "Any", "Each", "Certain", "Most"))
_RICH = 80  # words of a page that tell which of them are written small
_FEW = 3  # words of a heading that need no capitals
_SMALL = 3  # letters of a word that is small within a title
_SHORT = 0.6  # of the next line, the width of a heading
_MOST_WORDS = 16
_MOST_HEADING_WORDS = 9
_LONGEST = 400  # characters of a sentence that leads to a table
_FARTHEST = 60  # lines in which a heading is looked for
_MARGIN_PT = 40.0  # from the left edge of the text
_LETTERS = 5  # the fewest of a heading
_APART = 1.25  # heights of the font to the line above a heading
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_VERB = (
    r"(?:(?:is|are|was|were)(?:\s+(?:comprised|composed|made\s+up))?|consists?|consisted|"
    r"comprised?|comprises|includes?|included|(?<!as )follows?)"
)
_FOLLOWS = (
    r"(?:\s*(?:of\s+)?(?:as\s+follows|the\s+following(?:\s+\w+)?|"
    r"(?:presented|shown|summari[sz]ed|set\s+forth|detailed|provided|reflected|included|disclosed|"
    r"listed|described)\s+(?:below|as\s+follows|in\s+the\s+(?:following\s+)?tables?(?:\s+below)?)))?"
)
_BRACKETS = re.compile(r"\s*\((?:\d|[a-z]|[^()]*\s[^()]*)\)")  # marks, and what is said aside
_OPENING = re.compile(  # a heading run into its text, or a date: `As of June 30, 2022, `
    r"\A(?:[A-Z][\w, -]{2,50}:\s+(?=The\s)|"
    r"(?:as of|at|for|during)\s[^.:;]{4,40}?(?:19|20)\d\d,\s+)",
    re.IGNORECASE,
)
_TABLE = re.compile(
    r"(?:the|a)\s+(?:following|table|schedule|tables)\b"
    r"(?:\s+(?:tables?|schedules?|charts?|summary|information|below|is|are))*\s+(?:also\s+)?"
    r"(?:presents?|shows?|summari[sz]es?|sets?\s+forth|provides?|details?|reflects?|reconciles?|"
    r"discloses?|lists?|represents?|includes?|contains?|displays?|identifies|outlines?|describes?|"
    r"illustrates?)\s+(?P<what>.{3,200}?)[:.]?",
    re.IGNORECASE,
)
_NOUN = re.compile(rf"(?P<what>.{{3,200}}?)\s+{_VERB}{_FOLLOWS}\s*[:.]?", re.IGNORECASE)
_AT = (
    r"\s+(?:at|as of|as at|for|during)\s+(?:(?!\b(?:is|are|was|were|consist|compris))[^.:;]){4,90}?"
)
_WHEN = re.compile(  # are summarized at June 30, 2022 as follows, or as follows at June 30, 2022
    rf"{_AT}(?=\s+as\s+follows\s*[.:])|(?<=as follows){_AT}(?=\s*[.:]\Z)", re.IGNORECASE
)
_IS = re.compile(
    r"(?:the|a)\s+following\s+(?:table\s+)?(?:is|are)\s+(?P<what>.{3,200}?)[:.]?", re.IGNORECASE
)
_PERIOD = re.compile(
    r",?\s*\b(?:for|as\s+of|as\s+at|at|during|in|on|by|between|through)\s+"
    r"(?:(?:each|the)\s+(?:\w+\s+)?)?"
    r"(?:(?:fiscal|years?|three|six|nine|twelve|quarters?|months?|periods?|past|last|ended|next|five|"
    r"presented|january|february|march|april|may|june|july|august|september|october|november|"
    r"december)\b|(?:19|20)\d\d).*",
    re.IGNORECASE,
)
_VAGUE = frozenset(
    ("changes", "components", "activity", "information", "details", "amounts", "balances",
     "results", "summary", "reconciliation", "and", "related", "of", "in", "each", "component")
)  # fmt: skip
_CAPITALS = re.compile(r"\A(?:[A-Z][A-Z&,]+\s+){2,}(?=[A-Z][a-z])")  # a heading run into its text
_OWN = re.compile(
    r"\b(?:our|the\s+company(?:['\u2019]s|s['\u2019])|the\s+corporation['\u2019]s)\s+",
    re.IGNORECASE,
)
_ASIDE = re.compile(r",\s+which\s+.*")
_DANGLING = re.compile(
    r"\b(?:it|its|they|their|them|this|these|those|that|we|us|our|such|which|above|below|following|"
    r"foregoing|preceding|previous|company|corporation|registrant|table|tables|note|page|who|same)\b",
    re.IGNORECASE,
)
_VERBS = re.compile(
    r"\b(?:has|have|had|will|would|may|can|could|been|being|do|does|did)\b", re.IGNORECASE
)
_NOTE = re.compile(
    r"(?:note\s+)?\d{1,2}[a-z]?\s*[.:\u2013\u2014-]*\s+|\([a-z0-9]{1,2}\)\s+|[a-z]\.\s+",
    re.IGNORECASE,
)
_ONE_WORD = re.compile(r"\([a-z]+\)")  # income tax (benefit)
_UNIT = re.compile(r"\s*\((?:in\s+)?(?:years?|%|percent(?:age)?s?)\)\Z", re.IGNORECASE)
_NO_HEADING = re.compile(
    r"notes? to\b|\A(?:sub)?total|financial statements|table of contents|continued|annual report|"
    r"form 10|part i|item \d|\bcompany\b|\binc\b|\bplc\b|corporation|unaudited|subsidiar|"
    r"(?:thousand|million|billion)s\b",
    re.IGNORECASE,
)


def lead_of(above: Sequence[Line]) -> str:
    """The sentence over a table, whole; empty where none leads to it."""
    said: list[Line] = []
    for line in reversed(above):
        if CELL_BORDER in line.text and not _is_prose(line.text):
            break
        if said and said[0].top - line.top > _LEAD_STEP * max(line.size, said[0].size):
            break
        if said and _is_over_paragraph(line, said[0]):
            break
        said.insert(0, line)
    text = " ".join(" ".join(line.text.split()) for line in said)
    last = sentences(text)[-1:] or [""]
    return last[0]


def _is_over_paragraph(line: Line, below: Line) -> bool:
    """Whether a short line is a heading over the paragraph that begins below it."""
    is_short = line.right - line.left < _SHORT * (below.right - below.left)
    return (
        is_short and below.text[:1].isupper() and not line.text.rstrip().endswith((".", ":", ","))
    )


def _is_prose(text: str) -> bool:
    return len(text.split()) >= _MOST_HEADING_WORDS


def subject_of(lead: str) -> str:
    """What a lead says the table is of, as a noun phrase: `components of lease cost`."""
    text = without_scales(" ".join(lead[:_LONGEST].split()))
    text = _WHEN.sub("", _OPENING.sub("", _BRACKETS.sub("", text).strip()))
    if not text.endswith((":", ".")) or len(text.split()) > 3 * _MOST_WORDS:
        return ""
    for pattern in (_IS, _TABLE, _NOUN):
        if found := pattern.fullmatch(text):
            return noun_phrase(found["what"])
    return ""


def noun_phrase(text: str) -> str:
    """A phrase that stands alone: no pronoun, no verb, no period; empty where it has one."""
    text = _OWN.sub("the ", _CAPITALS.sub("", _PERIOD.sub("", text)))
    text = re.sub(
        r"^(?:information\s+(?:about|regarding|on|related\s+to)|a\s+summary\s+of|an?|the|details\s+of)\s+",
        "",
        text.strip(),
        flags=re.IGNORECASE,
    )
    text = _ASIDE.sub("", text).strip(" ,;:.\u2013\u2014-")
    text = re.sub(r"(?:\s+(?:as\s+of|at|for|in|of|on|is|are|was|were|or|and))+$", "", text)
    text = re.sub(r"^(?:the|other)\s+", "", text, flags=re.IGNORECASE)
    words = text.split()
    is_odd = (
        all(word.casefold() in _VAGUE for word in words)
        or _DANGLING.search(text)
        or _VERBS.search(text)
        or any(char in _ONE_WORD.sub("", text) for char in '\u201c\u201d"();:%$')
    )
    if is_odd or not 1 <= len(words) <= _MOST_WORDS or not text[0].isalpha():
        return ""
    return lowered(text)


def lowered(text: str, known: Collection[str] | None = None) -> str:
    """The text within a sentence: with a small first letter, unless it is a name or a title.

    `known` are the words that the page writes small: a first word that is none of them may be a
    name, and stays.
    """
    first, _, rest = text.partition(" ")
    words = [word for word in rest.split() if len(word) > _SMALL and not word[1:].isupper()]
    capitals = sum(word[0].isupper() for word in words)
    is_rich = known is not None and (not rest or len(known) > _RICH)
    if is_rich and known is not None and first.casefold() not in known:
        return text
    if first in _DETERMINERS or (first[1:].islower() and 2 * capitals <= len(words)):
        return text[0].lower() + text[1:]
    return text


def heading_over(above: Sequence[Line]) -> str:
    """The nearest heading above a table, as a noun phrase; empty where none is certain.

    A table between them may be what the heading is of: then it says nothing.
    """
    above = above[-_FARTHEST:]
    margin = min((line.left for line in above), default=0.0) + _MARGIN_PT
    for line, before in zip(above[::-1], [*above[-2::-1], None], strict=False):
        if CELL_BORDER in line.text and not _is_prose(line.text):
            return ""
        if line.left <= margin and _is_heading(line, before):
            return noun_phrase(_title(line.text))
    return ""


def caption_of(captions: Sequence[str]) -> str:
    """What rows under the nearest of these captions are of, as a noun phrase; else empty."""
    return noun_phrase(_UNIT.sub("", _title(captions[-1]))) if captions else ""


def _title(text: str) -> str:
    """A heading without its number, and not in capitals."""
    text = _NOTE.sub("", clean(text), count=1) if _NOTE.match(text) else clean(text)
    text = re.sub(r"\s*\(?continued\)?\s*$", "", text, flags=re.IGNORECASE)
    return text.capitalize() if text.isupper() else text


def _is_title(words: Sequence[str]) -> bool:
    """Whether words are few, or capitalised as those of titles are."""
    long = [word for word in words if len(word) > _SMALL]
    return len(words) <= _FEW or 2 * sum(word[0].isupper() for word in long) >= len(long)


def _is_heading(line: Line, before: Line | None) -> bool:
    text = line.text.strip()
    if not 1 <= len(text.split()) <= _MOST_HEADING_WORDS or sum(map(str.isalpha, text)) < _LETTERS:
        return False
    if text.endswith((".", ",", ";", ":", "-")) or not text[0].isalnum() or text[0].islower():
        return False
    if _YEAR.search(text) or _NO_HEADING.search(text) or not _is_title(text.split()):
        return False
    return before is None or line.top - before.top > _APART * line.size
