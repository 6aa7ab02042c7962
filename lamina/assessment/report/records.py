"""What a run's cells say, graded: `records.jsonl` holds these, one a line."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from lamina.assessment.cells.measured import Proves
from lamina.assessment.grading.overrides import answer_key

PROVES = "whether the topic's layer was trained on the document (knows), or was not (transfer)"


class Overruled(BaseModel):
    """A person's word, which counts instead of the grader's."""

    model_config = ConfigDict(frozen=True)

    who: str
    when: datetime
    why: str
    graded: bool = Field(description="what the grader had said: right or not")


class AnswerRecord(BaseModel):
    """One question, asked once under one blend."""

    model_config = ConfigDict(frozen=True)

    type: Literal["answer"] = "answer"
    blend: str = Field(description="`base`, a layer, or a blend as the server names it")
    topic: str = Field(description="the layer whose prompts it comes from")
    item: str = Field("", description="the question's id, else a digest of its words")
    document: str = Field("", description="where the answer stands; empty where nobody knows")
    proves: Proves = Field("knows", description=PROVES)
    question: str
    reference: str
    answer: str
    correct: bool
    kind: str = Field(description="as what it was graded: number, date, list, span, ...")
    why: str = Field(description="why it was graded so, in a few words")
    contains: bool = Field(description="the reference's words stand in the answer")
    first_token_s: float = Field(description="from sending the request to the first text")
    total_s: float = Field(description="from sending the request to its end")
    n_prompt_tokens: int
    n_tokens: int = Field(description="tokens generated")
    tokens_per_s: float | None = Field(description="over the whole time; None without any")
    overruled: Overruled | None = None
    by: str = Field("", description="who answered, where `auto` was asked")

    @property
    def key(self) -> str:
        """What this answer to this question is called, whoever gave it."""
        return answer_key(self.topic, self.item or self.question, self.answer)


class ChoiceRecord(BaseModel):
    """One question's reference answer beside answers of other questions, under one blend."""

    model_config = ConfigDict(frozen=True)

    type: Literal["choice"] = "choice"
    blend: str
    topic: str
    item: str
    document: str
    proves: Proves = Field("knows", description=PROVES)
    question: str
    reference: str = Field(description="the likeliest of the right answers")
    likeliest: str = Field(description="of all of them")
    logprob: float = Field(description="of the reference, nats per token")
    margin: float = Field(description="over the mean of the other answers, nats per token")
    rank: int = Field(description="of the reference; 1 = likelier than every other answer")
    n_others: int


class LossRecord(BaseModel):
    """One held-out row, scored under one blend."""

    model_config = ConfigDict(frozen=True)

    type: Literal["loss"] = "loss"
    blend: str
    topic: str
    document: str = ""
    row: str = Field(description="sha256 of the row's question and text")
    loss: float = Field(description="mean over the row's tokens, nats per token")
    n_tokens: int


AnyRecord: TypeAlias = AnswerRecord | ChoiceRecord | LossRecord
Record: TypeAlias = Annotated[AnyRecord, Field(discriminator="type")]
_READER: TypeAdapter[AnyRecord] = TypeAdapter(Record)


def choices_by_place(records: Iterable[AnyRecord]) -> dict[tuple[str, str, str], ChoiceRecord]:
    """By who chose, topic and item."""
    chosen = (one for one in records if isinstance(one, ChoiceRecord))
    return {(one.blend, one.topic, one.item): one for one in chosen}


def write_records(path: Path, records: Iterable[AnyRecord]) -> None:
    """Write records as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            line = json.dumps(record.model_dump(mode="json"), ensure_ascii=False)
            file.write(line + "\n")


def read_records(path: Path) -> Iterator[AnyRecord]:
    """The records of a JSON Lines file, one at a time."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield _READER.validate_json(line)
