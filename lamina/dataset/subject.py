"""Whom a document speaks of, and the line that says it before each of its chunks.

A chunk speaks of "the Company" and of "this year": by itself it states facts of nobody. So company
and period stand before it, taken from the table `documents.csv`, the title page, running heads,
what the document says of itself and its file's name. A company that is not certain is left out: a
wrong one would teach a wrong fact in every chunk.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lamina.dataset.chunks import CountTokens
from lamina.dataset.names import names_in, readable, spelling, squashed
from lamina.dataset.periods import period_of
from lamina.text.blocks import Block
from lamina.text.naming import Naming
from lamina.text.pages import Pages

_FORMS = frozenset({"10-K", "10-Q", "8-K", "20-F"})  # whose files are named after companies
_LONGEST_HEADING = 80  # characters
_SHARE = 4  # of a chunk's tokens at most one in so many is its subject
_SEPARATOR_TOKENS = 2
_NOTE = re.compile(r"(note\s+\d+[a-z]?)\s*[-\u2013\u2014:.]*\s+(\S.*)", re.IGNORECASE)
_OF_THE_CHUNK = 200  # characters in which its own heading stands


@dataclass(frozen=True)
class Subject:
    """Company or publisher, title, period; any may be empty."""

    company: str = ""
    title: str = ""
    period: str = ""

    def line(self, heading: str = "") -> str:
        """Such as `Amcor plc, fiscal 2023, Note 5 - Restructuring`; empty where all is unknown."""
        parts = (self.company, self.title, self.period)
        return ", ".join(filter(None, (*parts, heading))) if any(parts) else ""


NOBODY = Subject()


def subject_of(pages: Pages, naming: Naming) -> Subject:
    """Whom these pages speak of."""
    if pages.questions:
        return NOBODY
    return Subject(_company(pages, naming), naming.title, period_of(pages.pages, naming))


def is_filing(naming: Naming) -> bool:
    """Whether a file is named like a filing of its company's."""
    return bool(naming.company) and naming.form in _FORMS and not naming.stated


def named_by(pages: Pages, company: str) -> str:
    """How the pages name a company that is known by the letters of its name; empty where not."""
    letters = squashed(company)
    if said := names_in(pages.pages).like(letters):
        return _told(said, pages.text)
    return spelling(company, pages.text)


def _company(pages: Pages, naming: Naming) -> str:
    """The company, where it is certain."""
    if naming.stated and naming.company:
        return naming.company
    found = names_in(pages.pages)
    if naming.stated or not naming.company:
        return _told(found.best(), pages.text)
    if said := found.like(squashed(naming.company)):
        return _told(said, pages.text)
    if not is_filing(naming) or found.best():  # nothing bears the name out, or another one is
        return ""
    return spelling(naming.company, pages.text) or readable(naming.company)


def _told(name: str, text: str) -> str:
    """The name as the text writes it, where it stands in capitals in a head."""
    spelled = spelling(name, text) if name.isupper() else name
    return readable(name) if not spelled or spelled.isupper() else spelled


class Lines:
    """The lines before a document's chunks: each fits, and leaves the chunk its room."""

    def __init__(
        self, subject: Subject, blocks: Sequence[Block], count: CountTokens, limit: int
    ) -> None:
        """`limit` is the chunk's, in tokens."""
        self._short = ""
        self._lines: Mapping[str, str] = {}
        self.tokens = 0  # most that any line takes, with what parts it from the text
        whole = subject.line()
        if not whole:
            return
        headings = sorted({_heading(block.heading) for block in blocks})
        lines = {heading: subject.line(heading) for heading in ("", *headings)}
        sizes = dict(zip(lines, count(list(lines.values())), strict=True))
        most = limit // _SHARE - _SEPARATOR_TOKENS
        self._short = whole if sizes[""] <= most else ""
        self._lines = {
            heading: line if sizes[heading] <= most else self._short
            for heading, line in lines.items()
        }
        used = [sizes[heading] for heading in lines if sizes[heading] <= most]
        self.tokens = max(used) + _SEPARATOR_TOKENS if used else 0

    def before(self, text: str, headings: Sequence[str]) -> str:
        """The line before a chunk; a heading that the chunk begins with is not said twice."""
        if headings and any(heading in text[:_OF_THE_CHUNK] for heading in headings):
            return self._short
        return self._lines.get(_heading(headings), self._short)


def _heading(headings: Sequence[str]) -> str:
    """The heading that tells most: the note, or the innermost one."""
    notes = [found for heading in headings if (found := _NOTE.fullmatch(heading))]
    if notes:
        told = f"{notes[-1][1].capitalize()} - {notes[-1][2].strip()}"
    else:
        told = headings[-1] if headings else ""
    return told if len(told) <= _LONGEST_HEADING else ""
