"""Whether a writer is good enough: a page whose every fact is known, and what it makes of it."""

from typing import NamedTuple

from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow
from lamina.study.writer.strategy import NONSENSE, Writes, writer_strategy
from lamina.text.pages import Line, Page

FEWEST = 3  # rows that pass all checks
_TEXT = (
    "Velmora Textiles Inc. - Annual report, fiscal 2021",
    "Note 4 - Leases. Velmora Textiles rents eleven mills in Portugal and two warehouses in Ghent.",
    "In fiscal 2021 the operating lease cost was $47.3 million, and the short-term lease cost",
    "was $2.9 million. The weighted-average remaining lease term is 6.4 years.",
    "The weighted-average discount rate is 3.8%. Leases of less than twelve months are not",
    "recognized on the balance sheet. In June 2021 the Braga mill was closed after a flood, and",
    "an impairment of $5.1 million was recognized.",
)
PASSAGE = Passage(
    document="0" * 64,
    page=Page(number=1, kind="text", lines=tuple(Line(text, 0, 0, 0, 0) for text in _TEXT)),
    company="Velmora Textiles",
    period="fiscal 2021",
)


class Tested(NamedTuple):
    """What a writer made of the page."""

    kept: int
    written: int

    @property
    def passed(self) -> bool:
        """Whether it may write for layers."""
        return self.kept >= FEWEST

    @property
    def sentence(self) -> str:
        """For a person."""
        told = f"the writer wrote {self.written} questions about a known page, {self.kept} sound"
        return told if self.passed else f"{told}: too weak, its questions are left out"


def self_test(writer: Writes) -> Tested:
    """Have it write about the page; raises PutOffError where it cannot be asked."""
    found = list(writer_strategy(writer, "self-test").make(PASSAGE))
    nonsense = sum(isinstance(one, Dropped) and one.reason == NONSENSE for one in found)
    return Tested(sum(isinstance(one, StudyRow) for one in found), len(found) - nonsense)
