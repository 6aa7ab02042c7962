"""How much was asked: questions, topics, documents, rows of text. Pure."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.exam.general import GENERAL
from lamina.assessment.report.records import AnyRecord, LossRecord


class Exam(BaseModel):
    """What was asked, counted once however many were asked it."""

    model_config = ConfigDict(frozen=True)

    questions: int = 0
    topics: int = Field(0, description="that have questions, beside the general ones")
    documents: int = Field(0, description="that the questions' answers stand in")
    general: int = Field(0, description="general questions")
    rows: int = Field(0, description="rows of test text")

    @property
    def in_words(self) -> str:
        """What a report says of it."""
        parts = [
            f"{_counted(self.questions, 'question')} about {_counted(self.topics, 'topic')} "
            f"from {_counted(self.documents, 'document')}"
            if self.questions
            else "",
            f"{_counted(self.general, 'general question')}" if self.general else "",
            f"{_counted(self.rows, 'row')} of test text" if self.rows else "",
        ]
        return ", ".join(filter(None, parts)) or "nothing"


def exam_of(records: Iterable[AnyRecord]) -> Exam:
    """What these records are about."""
    records = list(records)
    asked = [one for one in records if not isinstance(one, LossRecord)]
    own = {(one.topic, one.question, one.document) for one in asked if one.topic != GENERAL}
    return Exam(
        questions=len({(topic, question) for topic, question, _ in own}),
        topics=len({topic for topic, *_ in own}),
        documents=len({document or topic for topic, _, document in own}),
        general=len({one.question for one in asked if one.topic == GENERAL}),
        rows=len({one.row for one in records if isinstance(one, LossRecord)}),
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
