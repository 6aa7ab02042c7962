"""One blend on one topic: what it came to, and what that is over the base. Pure."""

from collections.abc import Sequence
from statistics import fmean

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.exam.blend import BASE
from lamina.assessment.report.records import AnyRecord, ChoiceRecord, LossRecord
from lamina.assessment.report.table import Table, key_of, mean


class Cell(BaseModel):
    """One blend on one topic. Shares are 0 to 1; loss and D are in nats per token.

    Gains are over the base on the very same questions or rows, since not everybody is asked all of
    them; above nought is better.
    """

    model_config = ConfigDict(frozen=True)

    blend: str
    topic: str
    n: int = Field(description="questions about documents that the topic's layer was trained on")
    correct: float | None
    gain_correct: float | None = None
    contains: float | None
    n_unseen: int = Field(0, description="questions about others; no other figure counts them")
    correct_unseen: float | None = None
    loss: float | None
    loss_tokens: int
    gain_loss: float | None = Field(None, description="how far the loss is below the base's")
    n_choices: int = Field(0, description="questions that D is the mean over")
    d: float | None = Field(
        None, description="log-probability of the right answer less the mean of six wrong ones"
    )
    gain_d: float | None = None
    first: float | None = Field(
        None, description="share of questions whose right answer is the likeliest of all seven"
    )


def cell_of(table: Table, blend: str, topic: str) -> Cell:
    """What stands in a table."""
    answers = table.answers(blend, (topic,), "knows")
    choices = table.choices(blend, (topic,))
    rows = table.losses(blend, (topic,))
    return Cell(
        blend=blend,
        topic=topic,
        n=len(answers),
        correct=table.correct(blend, (topic,)),
        gain_correct=_gain(answers, table.answers(BASE, (topic,), "knows")),
        contains=mean(answer.contains for answer in answers),
        n_unseen=len(table.answers(blend, (topic,), "transfer")),
        correct_unseen=table.correct(blend, (topic,), "transfer"),
        loss=table.loss(blend, (topic,)),
        loss_tokens=sum(row.n_tokens for row in rows),
        gain_loss=_gain(rows, table.losses(BASE, (topic,))),
        n_choices=len(choices),
        d=mean(choice.margin for choice in choices),
        gain_d=_gain(choices, table.choices(BASE, (topic,))),
        first=mean(choice.rank == 1 for choice in choices),
    )


def _gain(mine: Sequence[AnyRecord], base: Sequence[AnyRecord]) -> float | None:
    """The mean over the base on what both were asked; of text by token, as in the loss itself."""
    known = {key_of(one): _value(one) for one in base}
    shared = [one for one in mine if one.blend != BASE and key_of(one) in known]
    weights = [one.n_tokens if isinstance(one, LossRecord) else 1 for one in shared]
    gains = [_value(one) - known[key_of(one)] for one in shared]
    return fmean(gains, weights) if sum(weights) else None


def _value(one: AnyRecord) -> float:
    """What is better the higher it is."""
    if isinstance(one, LossRecord):
        return -one.loss
    return one.margin if isinstance(one, ChoiceRecord) else float(one.correct)
