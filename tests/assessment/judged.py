"""What subjects would have scored: a few lines of scores for tests of the rule."""

import random
from collections.abc import Sequence

from lamina.assessment.cells.measured import Kind, Measured
from lamina.assessment.exam.general import GENERAL
from lamina.assessment.verdicts.findings import Case
from lamina.assessment.verdicts.rule import judge
from lamina.assessment.verdicts.verdict import Verdict
from lamina.margins import Margins

LEASES = Case(candidate="Leases", topics=("Leases",), others=("Debt", "Equity", "Taxes"))


def scores(  # noqa: PLR0913 - every one of them is what some test is about
    subject: str,
    topic: str,
    value: float,
    *,
    kind: Kind = "D",
    documents: int = 7,
    each: int = 3,
    noise: float = 0.2,
) -> list[Measured]:
    """Items that score about `value`, each with noise of its own under each subject."""
    draw = random.Random(f"{subject} {topic} {kind}")
    return [
        Measured(
            f"{document}-{item}", f"{topic}-{document}", topic, kind, value + draw.gauss(0, noise)
        )
        for document in range(documents)
        for item in range(each)
    ]


def grades(topic: str, right: int, n: int = 60) -> list[Measured]:
    """Questions, each from a document of its own, of which the first `right` are right."""
    return [
        Measured(str(item), f"{topic}-{item}", topic, "G", float(item < right)) for item in range(n)
    ]


def harmless(subject: str) -> list[Measured]:
    """What no subject changes: another topic's exam, and the general questions."""
    return [*scores(subject, "Debt", 0, documents=40, noise=0.1), *grades(GENERAL, 50)]


def verdict(
    candidate: Sequence[Measured],
    base: Sequence[Measured],
    *,
    case: Case = LEASES,
    margins: Margins = Margins(),  # noqa: B008 - frozen
    **others: Sequence[Measured],
) -> Verdict:
    """The verdict on Leases alone."""
    values = {"Leases": candidate, "base": base, **others}
    return judge([case], values, margins)[0]
