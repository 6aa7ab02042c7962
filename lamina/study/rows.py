"""What a strategy gives: rows that teach, and what it left out with the reason."""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "fact", "definition", "cloze", "continuation", "question", "paraphrase", "abstain", "general"
]


class StudyRow(BaseModel):
    """A question with its answer, and the place that holds it up."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    question: str  # what the user asks, in full: company and period named
    answer: str  # short
    strategy: str  # "facts", "writer", ...
    writer: str = "rules"
    document: str
    page: int
    subject: str
    group: str  # rows that teach the same fact share it: its other wordings, its reverse
    wording: int = 0  # which of the group's wordings
    evidence: str = ""  # the line or lines of the page that hold it up
    checks: tuple[str, ...] = ()  # names of the checks that it passed


class Dropped(NamedTuple):
    """What a strategy was not certain of."""

    reason: str  # a short code: "no-period", "no-scale", "no-head", "merged-cells", ...
    page: int
    text: str
