"""The period that a document is of: as its title page, its running heads or its name tell it.

Years that a text merely speaks of do not count: a report of 2022 speaks of 2020 to 2027.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from lamina.text.naming import Naming
from lamina.text.pages import Page

_TOP, _BOTTOM = 4, 3  # printed lines of a page where heads and feet stand
_MOST_WORDS = 16  # of a head
_TITLE_PAGES = 3
_QUARTERS = {"Q1": "first", "Q2": "second", "Q3": "third", "Q4": "fourth"}
_YEAR = re.compile(r"(?:19|20)\d\d")
_TITLE = re.compile(
    r"for the (?P<kind>fiscal year|year|quarterly period|quarter) ended:?\s+"
    r"(?P<end>[A-Z][a-z]+ \d{1,2}, (?P<year>(?:19|20)\d\d))",
    re.IGNORECASE,
)
_CHARTER = re.compile(r"exact name of (?:the )?registrant", re.IGNORECASE)
_HEAD = re.compile(
    r"(?P<first>(?:19|20)\d\d)\s+(?:annual report|form 10-?k)|"
    r"(?:annual report|form 10-?k)[\s|,\u2014\u2013-]+(?:for\s+)?(?P<second>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)


def period_of(pages: Sequence[Page], naming: Naming) -> str:
    """The period in words; empty where nothing tells it, or two places tell different years."""
    if naming.stated and naming.period:
        return naming.period
    printed, named = _printed(pages), _in_words(naming)
    if not printed or not named:
        return printed or named
    agree = set(_YEAR.findall(printed)) == set(_YEAR.findall(named))
    return named if agree else ""


def _in_words(naming: Naming) -> str:
    """What a file's name tells: `fiscal 2022`, `second quarter of fiscal 2022`, `2022`."""
    year, _, quarter = naming.period.partition(" ")
    if not year:
        return ""
    fiscal = f"fiscal {year}" if naming.form in {"10-K", "10-Q", "20-F"} else year
    return f"{_QUARTERS[quarter]} quarter of {fiscal}" if quarter else fiscal


def _printed(pages: Sequence[Page]) -> str:
    texts = [_text(page) for page in pages[:_TITLE_PAGES]]
    titles = [found for text in texts if _CHARTER.search(text) for found in _TITLE.finditer(text)]
    if titles:
        first = titles[0]
        if first["kind"].casefold().startswith("quarter"):
            return f"quarter ended {first['end'].title()}"
        return f"year ended {first['end'].title()}"
    years = Counter(_heads(pages))
    return f"fiscal {next(iter(years))}" if len(years) == 1 else ""


def _text(page: Page) -> str:
    return " ".join(page.text.split())


def _heads(pages: Sequence[Page]) -> Iterator[str]:
    for page in pages:
        lines = [" ".join(line.text.split()) for line in page.lines if line.text.strip()]
        for line in {*lines[:_TOP], *lines[-_BOTTOM:]}:
            if len(line.split()) <= _MOST_WORDS and (found := _HEAD.search(line)):
                yield found["first"] or found["second"]
