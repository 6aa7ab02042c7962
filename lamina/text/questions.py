"""A question with its reference answer: one form for training folders and for exams."""

import json
import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from lamina.text.normalise import normalise

QuestionType = Literal["number", "percent", "date", "list", "yes_no", "span", "abstain"]

# What people call the fields, the form's own name first.
NAMES = {
    "id": ("id", "question_id", "uid", "key"),
    "topic": ("topic", "layer"),
    "question": ("question", "prompt", "q", "query", "instruction", "input", "problem"),
    "answer": (
        "answer", "response", "a", "output", "completion", "reference", "reference_answer",
        "expected", "expected_answer", "correct_answer", "ground_truth", "gold", "target",
        "solution",
    ),
    "aliases": ("aliases", "alias", "alternatives", "accepted", "other_answers"),
    "type": ("type", "answer_type"),
    "unit": ("unit", "units", "scale"),
    "file": ("file", "document", "doc", "source"),
    "page": ("page", "page_number"),
    "evidence": ("evidence", "evidence_text", "context", "passage"),
}  # fmt: skip
_TYPES: dict[str, QuestionType] = {
    **{name: name for name in get_args(QuestionType)},
    **dict.fromkeys(("numeric", "numerical", "arithmetic", "count", "integer", "float"), "number"),
    **dict.fromkeys(("percentage", "percents"), "percent"),
    **dict.fromkeys(("multi_span", "multispan", "enumeration"), "list"),
    **dict.fromkeys(("bool", "boolean", "yesno", "yes/no"), "yes_no"),
    **dict.fromkeys(("text", "string", "phrase"), "span"),
    **dict.fromkeys(("abstention", "unanswerable", "not_stated"), "abstain"),
}
_ALIAS_BORDER = "|"  # in one cell; commas and semicolons stand within answers
_SPEAKERS = {"user": "question", "human": "question", "assistant": "answer", "gpt": "answer"}


class Question(BaseModel):
    """A question and the answer that is right, with what grading and proof need to know."""

    model_config = ConfigDict(frozen=True)

    question: str = Field(min_length=1)
    answer: str = Field(min_length=1, description="the reference; parts of a list after `; `")
    aliases: tuple[str, ...] = Field((), description="answers that are as right")
    type: QuestionType | None = Field(None, description="what is asked for; None = by the answer")
    unit: str | None = Field(None, description="of the answer: `million USD`, `years`")
    id: str = ""
    topic: str = Field("", description="the layer that it examines; empty = the file's name")
    file: str = Field("", description="the document in which the answer stands")
    page: int | None = Field(None, description="of that document, counted from 0")
    evidence: str = Field("", description="the passage in which the answer stands")

    @property
    def answers(self) -> tuple[str, ...]:
        """The reference and its aliases."""
        return (self.answer, *self.aliases)


def question_of(entry: object) -> Question | str:
    """The question that an entry of a file holds, or in words why it holds none.

    An entry is an object with the fields of the form, whatever people call them (`NAMES`), or a
    conversation of one question and one answer under `messages`.
    """
    if not isinstance(entry, Mapping):
        return "cannot be read as an entry"
    fields = _fields(entry)
    fields |= _said(fields)
    answers, others = _answers(fields)
    asked, answer = _asked(fields), "; ".join(answers)
    if not asked or not answer:
        return "without an answer" if asked else "without a question"
    kind = _TYPES.get(_cell(_first(fields, "type")).casefold().replace("-", "_").replace(" ", "_"))
    several = len(answers) > 1 and kind is None
    return Question(
        question=asked,
        answer=answer,
        aliases=tuple(dict.fromkeys([*others, *_aliases(_first(fields, "aliases"))])),
        type="list" if several else kind,
        unit=_cell(_first(fields, "unit")) or None,
        id=_cell(_first(fields, "id")),
        topic=_cell(_first(fields, "topic")),
        file=_cell(_first(fields, "file")),
        page=_page(_first(fields, "page")),
        evidence=_cell(_first(fields, "evidence")),
    )


def _fields(entry: Mapping[Any, Any]) -> dict[str, Any]:
    """Fields by plain name, `Reference Answer` as `reference_answer`; the first filled counts."""
    fields: dict[str, Any] = {}
    for name, value in entry.items():
        plain = "_".join(str(name).strip("\ufeff \t").casefold().replace("-", " ").split())
        if value not in (None, "", [], {}):
            fields.setdefault(plain, value)
    return fields


def _first(fields: Mapping[str, Any], field: str) -> object:
    return next((fields[name] for name in NAMES[field] if name in fields), None)


def _asked(fields: Mapping[str, Any]) -> str:
    """The question; an instruction with an input (the form of Alpaca) is both."""
    if "instruction" in fields and "input" in fields:
        return f"{_cell(fields['instruction'])}\n{_cell(fields['input'])}".strip()
    return _cell(_first(fields, "question"))


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Question and answer of a conversation that has one of each; nothing of any other."""
    turns = fields.get("messages") or fields.get("conversations")
    if not isinstance(turns, list):
        return {}
    said: dict[str, Any] = {}
    for turn in turns:
        if not isinstance(turn, Mapping):
            return {}
        speaker = _SPEAKERS.get(str(turn.get("role", turn.get("from"))))
        if speaker in said:
            return {}
        if speaker:
            said[speaker] = turn.get("content", turn.get("value"))
    return said


def _answers(fields: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The parts of the answer, and others as right: `answers` (the form of SQuAD) are such."""
    named = _first(fields, "answer")
    if named is not None:
        return _parts(named), []
    several = fields.get("answers")
    alternatives = _parts(several.get("text") if isinstance(several, Mapping) else several)
    return alternatives[:1], alternatives[1:]


def _parts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [part for part in map(_cell, values) if part]


def _aliases(value: object) -> list[str]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return _parts(value)
    if isinstance(value, str):
        value = value.split(_ALIAS_BORDER)
    return _parts(value)


def _page(value: object) -> int | None:
    text = _cell(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004 - digits that a page number can have


def _cell(value: object) -> str:
    """A value as clean text; empty where it is none."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    if not isinstance(value, str | int | float):
        return ""
    return "\n".join(filter(None, map(normalise, str(value).splitlines())))
