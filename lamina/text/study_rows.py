"""Rows that are made of a document's pages: what `study` writes and `training` learns.

An artifact of kind `study` holds them as JSON Lines, which are written and read a row at a time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

STUDY_FILE = "rows.jsonl"

Kind = Literal[
    "fact",
    "definition",
    "cloze",
    "continuation",
    "question",
    "paraphrase",
    "abstain",
    "general",
]


class StudyRow(BaseModel):
    """One question with its answer, and the passage that holds it up."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    question: str = Field(description="what the user asks, in full: company and period named")
    answer: str = Field(description="short")
    strategy: str = Field(description="what made it: facts, writer, ...")
    writer: str = "rules"
    document: str = Field(description="sha256 of the document")
    page: int = Field(description="counted from 1")
    subject: str = Field(description="whom it speaks of")
    group: str = Field(
        description="rows that teach the same fact share it (its other wordings, its reverse)"
    )
    wording: int = Field(0, description="which of the group's wordings")
    evidence: str = Field("", description="the line(s) of the page that hold it up")
    checks: tuple[str, ...] = Field((), description="names of the checks it passed")


def read_study_rows(folder: Path) -> Iterator[StudyRow]:
    """The rows of a study artifact's folder, one at a time."""
    with (folder / STUDY_FILE).open(encoding="utf-8") as file:
        for line in file:
            yield StudyRow.model_validate_json(line)
