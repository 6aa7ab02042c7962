"""How fast answers came: percentiles over the answers of one blend. Pure."""

from collections.abc import Sequence
from statistics import median

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.report.records import AnswerRecord


class Speed(BaseModel):
    """How fast answers came under one blend, over all questions."""

    model_config = ConfigDict(frozen=True)

    blend: str
    n: int
    first_token_s_p50: float
    first_token_s_p95: float
    total_s_p50: float
    total_s_p95: float
    tokens_per_s: float | None = Field(description="median over the answers")


def speed(blend: str, answers: Sequence[AnswerRecord]) -> Speed | None:
    """None where nothing was answered."""
    if not answers:
        return None
    first = [answer.first_token_s for answer in answers]
    total = [answer.total_s for answer in answers]
    rates = [answer.tokens_per_s for answer in answers if answer.tokens_per_s is not None]
    return Speed(
        blend=blend,
        n=len(answers),
        first_token_s_p50=percentile(first, 0.5),
        first_token_s_p95=percentile(first, 0.95),
        total_s_p50=percentile(total, 0.5),
        total_s_p95=percentile(total, 0.95),
        tokens_per_s=median(rates) if rates else None,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie, linear between neighbours.

    Hyndman and Fan 1996, "Sample quantiles in statistical packages", definition 7.
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
