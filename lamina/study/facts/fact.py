"""A fact of a table: who, what, when, how much, with all that a question must name."""

from dataclasses import dataclass, field
from typing import Literal

What = Literal["money", "percent", "price", "count", "time", "ratio"]


@dataclass(frozen=True)
class Fact:
    """One figure of a page with all that makes it that figure."""

    company: str
    label: str
    qualifiers: tuple[str, ...]  # captions above the row, words in it, the column's title
    context: str  # what the table is of, as a noun phrase; empty where the label says enough
    from_heading: bool  # whether the context is a heading's
    periods: tuple[str, ...]  # ways to say when, each such as `in fiscal 2022`; one may be empty
    period_key: str
    answer: str
    what: What
    digits: str
    page: int
    evidence: str
    checks: tuple[str, ...] = field(default=())

    @property
    def key(self) -> tuple[str, ...]:
        """What a question of it names; two facts of one key cannot be told apart."""
        parts = (self.label, *self.qualifiers, self.context, self.period_key)
        return tuple(part.casefold() for part in parts)
