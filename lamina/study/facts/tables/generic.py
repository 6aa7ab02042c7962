"""Which labels say nothing by themselves: "Domestic", "Granted", "2023"."""

import re

_GENERIC = frozenset(
    [
        "domestic",
        "foreign",
        "federal",
        "state",
        "local",
        "other",
        "total",
        "current",
        "deferred",
        "net",
        "gross",
        "granted",
        "vested",
        "forfeited",
        "exercised",
        "outstanding",
        "beginning",
        "ending",
        "balance",
        "additions",
        "international",
        "u.s",
        "non-u.s",
        "us",
        "uk",
        "united",
        "states",
        "kingdom",
        "europe",
        "asia",
        "americas",
        "america",
        "north",
        "south",
        "pacific",
        "africa",
        "australia",
        "canada",
        "mexico",
        "china",
        "japan",
        "germany",
        "france",
        "and",
        "of",
        "the",
        "in",
        "at",
        "for",
        "year",
        "years",
        "period",
        "end",
        "start",
        "thereafter",
        "after",
        "fiscal",
        "level",
        "1",
        "2",
        "3",
        "first",
        "second",
        "third",
        "fourth",
        "quarter",
        "amount",
        "amounts",
        "value",
        "values",
        "increase",
        "decrease",
        "increases",
        "decreases",
        "settlements",
        "expirations",
        "cancelled",
        "canceled",
        "expired",
        "nonvested",
        "unvested",
        "exercisable",
        "others",
        "all",
        "rest",
        "world",
        "emea",
        "apac",
        "lacc",
        "latin",
        "middle",
        "east",
        "less",
        "add",
        "plus",
        "region",
        "segment",
        "segments",
        "corporate",
        "unallocated",
        "eliminations",
        "consolidated",
        "adjustments",
        "reclassifications",
        "purchases",
        "sales",
        "issuances",
        "transfers",
        "gains",
        "losses",
        "recognized",
        "realized",
        "unrealized",
        "included",
        "gain",
        "loss",
        "cash",
        "cost",
        "equity",
        "debt",
        "low",
        "high",
        "maximum",
        "minimum",
        "average",
        "range",
        "service",
        "interest",
        "operating",
        "finance",
        "leases",
        "lease",
        "assets",
        "liabilities",
        "noncurrent",
        "non-current",
        "short-term",
        "long-term",
        "municipal",
    ]
)
_SMALL = frozenset(["and", "of", "the", "in", "at", "for", "to", "from", "with", "by", "on", "or",
                    "a", "an", "as", "net"])  # fmt: skip
_WORD = re.compile(r"[a-z][a-z.-]*[a-z]|\d+", re.IGNORECASE)
_ENOUGH = 3  # words that tell what a figure is
_YEAR = re.compile(
    r"(?:(?:in|for)\s+)?(?:fiscal\s+)?(?:years?\s+)?(?:19|20)\d\d(?:\s*[-\u2013]\s*(?:19|20)?\d\d)?|"
    r".{0,12}\b(?:after|thereafter|beyond)\b.{0,16}|later years",
    re.IGNORECASE,
)


def is_generic(label: str, captions: tuple[str, ...]) -> bool:
    """Whether a label says nothing without what its table is of."""
    words = _WORD.findall(label.casefold())
    is_bare = all(word in _GENERIC or word in _SMALL for word in words)
    return is_bare and len(words) < _ENOUGH + bool(captions)


def is_total(label: str) -> bool:
    """Whether a label is "Total" and no more."""
    return label.casefold() in {"total", "totals"}


def is_year_label(label: str) -> bool:
    """Whether a row is of a year to come: `2023`, `Thereafter`."""
    return _YEAR.fullmatch(label.strip()[:60]) is not None


def says_enough(label: str, context: str) -> bool:
    """Whether a label needs no more than company and period, beside what is said around it."""
    words = [word for word in _WORD.findall(label.casefold()) if word not in _SMALL]
    if not context:
        is_told = words[:1] == ["total"] or any(word not in _GENERIC for word in words)
        return len(words) > _ENOUGH and is_told
    known = {word.rstrip("s") for word in _WORD.findall(context.casefold())} - _SMALL
    own = {word.rstrip("s") for word in words}
    return len(words) >= _ENOUGH and len(known & own) >= 2 and len(known - own) <= 2  # noqa: PLR2004
