"""One blend on one topic: what it came to, and what that is over the base. Pure."""

from collections.abc import Iterable
from statistics import fmean

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.exam.blend import BASE
from lamina.assessment.report.table import Table


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
    return Cell(
        blend=blend,
        topic=topic,
        n=len(answers),
        correct=table.correct(blend, (topic,)),
        gain_correct=_gain_correct(table, blend, topic),
        contains=_mean(answer.contains for answer in answers),
        n_unseen=len(table.answers(blend, (topic,), "transfer")),
        correct_unseen=table.correct(blend, (topic,), "transfer"),
        loss=table.loss(blend, (topic,)),
        loss_tokens=sum(row.n_tokens for row in table.losses(blend, (topic,))),
        gain_loss=_gain_loss(table, blend, topic),
        n_choices=len(choices),
        d=_mean(choice.margin for choice in choices),
        gain_d=_gain_d(table, blend, topic),
        first=_mean(choice.rank == 1 for choice in choices),
    )


def _gain_correct(table: Table, blend: str, topic: str) -> float | None:
    if blend == BASE:
        return None
    base = {
        (one.question, one.reference): one.correct for one in table.answers(BASE, (topic,), "knows")
    }
    given = table.answers(blend, (topic,), "knows")
    pairs = ((base.get((one.question, one.reference)), one.correct) for one in given)
    return _mean(correct - known for known, correct in pairs if known is not None)


def _gain_d(table: Table, blend: str, topic: str) -> float | None:
    if blend == BASE:
        return None
    base = {one.item: one.margin for one in table.choices(BASE, (topic,))}
    choices = table.choices(blend, (topic,))
    return _mean(one.margin - base[one.item] for one in choices if one.item in base)


def _gain_loss(table: Table, blend: str, topic: str) -> float | None:
    """Each token counts once, as in the loss itself."""
    if blend == BASE:
        return None
    base = {row.row: row.loss for row in table.losses(BASE, (topic,))}
    rows = [row for row in table.losses(blend, (topic,)) if row.row in base]
    n_tokens = sum(row.n_tokens for row in rows)
    fallen = sum((base[row.row] - row.loss) * row.n_tokens for row in rows)
    return fallen / n_tokens if n_tokens else None


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return fmean(known) if known else None
