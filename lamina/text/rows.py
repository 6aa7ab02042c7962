"""The dataset's rows: what `dataset` writes, `training` reads and `assessment` measures on.

A dataset's folder holds each split as JSON Lines, `<split>.jsonl`, which is written and read a row
at a time. Layers learn `train`; steps, rates and levels are chosen on `validation`; `test` is for
verdicts alone.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Row(BaseModel):
    """One piece of training, validation or test text, with where it came from."""

    model_config = ConfigDict(frozen=True)

    layer: str
    split: Split
    kind: Literal["text", "qa"]
    text: str = Field(description="running text, or the answer of a qa row")
    question: str | None = Field(None, description="qa rows only: what the user asks")
    document: str = Field(description="sha256 of the document it was cut from")
    pages: tuple[int, int] = Field(description="first and last page, counted from 1")
    heading: tuple[str, ...] = Field((), description="headings above it, outermost first")
    evidence: str = Field("", description="qa rows only: where the answer stands, if it was given")
    subject: str = Field("", description="text rows only: whom it speaks of; read, never learnt")
    n_tokens: int = Field(
        0, description="tokens of subject and text in the base's tokenizer, without BOS and EOS"
    )

    @property
    def given(self) -> str:
        """What stands before the text, in training as in measuring; its tokens are not learnt."""
        return f"{self.subject}\n\n" if self.subject else ""


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a JSON Lines file, one at a time."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Row.model_validate_json(line)


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as JSON Lines; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(row_line(row))
            count += 1
    return count


def row_line(row: Row) -> str:
    """The row as one line of JSON."""
    return json.dumps(row.model_dump(mode="json"), ensure_ascii=False) + "\n"
