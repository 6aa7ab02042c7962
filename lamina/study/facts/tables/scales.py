"""Scales: what `(in millions, except per share data)` says of a table's figures."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_WORDS = {"thousand": "thousand", "million": "million", "billion": "billion"}
_SCALE = re.compile(
    r"(?P<what>(?:(?:u\.?s\.?\s*)?dollars?|us\$|[$\u20ac\u00a3\u00a5]|shares?|units|options|amounts?|awards|"
    r"employees)(?:\s+and\s+(?:shares?|dollars?))?(?:\s+amounts?)?)?\s*(?:are\s+|stated\s+|expressed\s+)?(?:in\s+)?"
    r"(?P<word>thousand|million|billion)s\b"
    r"(?:\s+of\s+(?P<of>(?:u\.?s\.?\s*)?dollars?|shares|[$]|euros?|units|options|awards))?",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"[,;\u2013\u2014-]?\s*\bexcept(?:\s+for)?\b(?P<what>[^)]{0,80})", re.IGNORECASE
)
_BRACKET = re.compile(
    r"\([^()]{0,120}\b(?:thousand|million|billion)s\b[^()]{0,120}\)", re.IGNORECASE
)
_STATEMENT = re.compile(
    r"^\W*(?:(?:(?:u\.?s\.?\s*)?dollars?|amounts?|shares|us\$|[$\u20ac\u00a3])\s*)?(?:are\s+)?(?:in\s+)?"
    r"(?:thousand|million|billion)s\b",
    re.IGNORECASE,
)
_NOTHING = frozenset(["data", "amount", "figure", "value", "for", "the", "all", "other", "where"])
_MONEY = re.compile(r"dollar|[$\u20ac\u00a3\u00a5]|euro", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scale:
    """A word such as `million`, of what, and what it is not of."""

    word: str
    of: str = ""  # "money", "count", or everything
    exceptions: str = ""  # in small letters

    def covers(self, what: str) -> bool:
        """Whether it is said of amounts of `money`, or of a `count`."""
        return self.of in {"", what}


@dataclass(frozen=True, slots=True)
class Scales:
    """All that one place says; empty where it says nothing."""

    said: tuple[Scale, ...] = ()

    def word(self, what: str, label: str) -> str | None:
        """`million` for `money` or a `count`; empty where excepted; none where nothing is said."""
        found = {one.word for one in self.said if one.covers(what)}
        own = {one.word for one in self.said if one.of == what}
        found = own or found
        if len(found) != 1:
            return None
        exceptions = " ".join(one.exceptions for one in self.said)
        if _is_excepted(what, label, exceptions):
            return ""
        return next(iter(found))

    def __bool__(self) -> bool:
        return bool(self.said)


def _is_excepted(what: str, label: str, exceptions: str) -> bool:
    if not exceptions:
        return False
    if "per share" in exceptions or "per-share" in exceptions or "per common" in exceptions:
        if re.search(r"\bper\b", label):
            return True
        exceptions = re.sub(
            r"per[\s-](?:common\s+)?share(?:\s+(?:data|amounts?|figures))?", "", exceptions
        )
    if what == "count" and re.search(r"share|unit|option|number|employee|award", exceptions):
        return True
    known = set(re.findall(r"[a-z]+", label))
    return any(
        words and words <= known | {word.rstrip("s") for word in known}
        for phrase in re.split(r",|;|\band\b|\bor\b", exceptions)
        if (words := {word.rstrip("s") for word in re.findall(r"[a-z]{3,}", phrase)} - _NOTHING)
    )


def is_vague(scales: Scales) -> bool:
    """Whether it excepts what nobody can tell: `except where indicated`."""
    return any("indicated" in one.exceptions or "noted" in one.exceptions for one in scales.said)


def scales_in(texts: Iterable[str], *, bracketed: bool = False) -> Scales:
    """What the texts say of scales; `bracketed` takes only what stands in brackets."""
    found: dict[Scale, None] = {}
    for text in texts:
        pieces = [match.group() for match in _BRACKET.finditer(text)]
        if not bracketed and not pieces and _STATEMENT.match(text):
            pieces = [text]
        for piece in pieces:
            for scale in _scales(piece):
                found[scale] = None
    return Scales(tuple(found))


def _scales(piece: str) -> Iterable[Scale]:
    excepted = _EXCEPT.search(piece)
    exceptions = " ".join(excepted["what"].casefold().split()) if excepted else ""
    for match in _SCALE.finditer(piece[: excepted.start()] if excepted else piece):
        what = f"{match['what'] or ''} {match['of'] or ''}".casefold().strip()
        of = ""
        if _MONEY.search(what) and "share" in what:
            of = ""  # dollars and shares
        elif _MONEY.search(what):
            of = "money"
        elif what and "amount" not in what:
            of = "count"
        yield Scale(match["word"].casefold(), of, exceptions)


def without_scales(text: str) -> str:
    """The text without what it says of scales."""
    text = _BRACKET.sub("", text)
    if _STATEMENT.match(text):
        text = _EXCEPT.sub("", text)
        text = _SCALE.sub("", text)
    return " ".join(text.split()).strip(" ,")
