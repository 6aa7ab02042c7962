"""What each layer and blend is worth against the base. Pure.

The rule, on a candidate's own topics (those it is named after; all of them where it is named after
none): share of exact answers, F1 and held-out loss each point up, down or nowhere, by the 95 %
interval of their paired difference from the base. Up and never down is `better`, down and never up
is `worse`, all else is `unclear`. Three measures are three chances to be fooled by luck: a figure
near its interval's edge deserves more questions before it is believed.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from statistics import fmean

from pydantic import BaseModel, ConfigDict, Field

from lamina.assessment.blend import BASE, parse_blend
from lamina.assessment.evidence import Difference, difference_of_shares, mean_difference
from lamina.assessment.records import AnswerRecord, LossRecord
from lamina.assessment.table import Table

SAME_LOSS_NATS = 1e-6  # two computations of one model agree at least this well


class Verdict(StrEnum):
    """In one word."""

    BETTER = "better"
    NO_EFFECT = "no effect"
    WORSE = "worse"
    UNCLEAR = "unclear"


class Worth(BaseModel):
    """What one layer or blend is worth. Shares are 0 to 1, losses nats per token."""

    model_config = ConfigDict(frozen=True)

    name: str
    topics: tuple[str, ...] = Field(description="its own topics")
    verdict: Verdict
    sentence: str
    exact: float | None = Field(description="share of exact answers on its own topics")
    exact_base: float | None = Field(description="the base's share on the same questions")
    exact_others: float | None = Field(description="mean share of the other topics' layers there")
    f1: float | None
    f1_base: float | None
    loss: float | None = Field(description="held-out loss on its own topics")
    loss_base: float | None
    exact_gain: Difference | None = Field(description="over the base, on its own topics")
    exact_gain_over_others: Difference | None = Field(description="over the other topics' layers")
    f1_gain: Difference | None
    loss_change: Difference | None = Field(description="from the base's; below nought is better")
    exact_elsewhere: Difference | None = Field(description="over the base, on all other topics")


def judge(
    records: Iterable[AnswerRecord | LossRecord], candidates: Sequence[str], *, seed: int
) -> tuple[Worth, ...]:
    """The worth of each candidate (a layer's name, or a blend's), in the order given."""
    table = Table(records)
    layers = [name for name in candidates if name in table.topics]
    return tuple(_worth(table, name, layers, seed) for name in candidates)


def own_topics(name: str, topics: Sequence[str]) -> tuple[str, ...]:
    """Topics that a layer or blend is named after; all of them where it is named after none."""
    parts = parse_blend(name).layers
    return tuple(topic for topic in topics if topic in parts) or tuple(topics)


def _worth(table: Table, name: str, layers: Sequence[str], seed: int) -> Worth:
    own = own_topics(name, table.topics)
    elsewhere = tuple(topic for topic in table.topics if topic not in own)
    exact_gain = difference_of_shares(table.exact_pairs(name, BASE, own))
    f1_gain = mean_difference(table.f1_differences(name, BASE, own), seed=seed)
    loss_change = _loss_change(table, name, own, seed)
    rivals = [layer for layer in layers if layer not in parse_blend(name).layers]
    verdict = (
        Verdict.NO_EFFECT
        if _without_effect(table, name)
        else _weigh(exact_gain, f1_gain, loss_change)
    )
    worth = Worth(
        name=name,
        topics=own,
        verdict=verdict,
        sentence="",
        exact=table.exact(name, own),
        exact_base=table.exact(BASE, own),
        exact_others=_mean(table.exact(rival, own) for rival in rivals),
        f1=table.f1(name, own),
        f1_base=table.f1(BASE, own),
        loss=table.loss(name, own),
        loss_base=table.loss(BASE, own),
        exact_gain=exact_gain,
        exact_gain_over_others=mean_difference(_over_rivals(table, name, rivals, own), seed=seed),
        f1_gain=f1_gain,
        loss_change=loss_change,
        exact_elsewhere=difference_of_shares(table.exact_pairs(name, BASE, elsewhere)),
    )
    return worth.model_copy(update={"sentence": _sentence(worth)})


def _weigh(
    exact: Difference | None, f1: Difference | None, loss_change: Difference | None
) -> Verdict:
    ups = [part is not None and part.above for part in (exact, f1)]
    downs = [part is not None and part.below for part in (exact, f1)]
    up = any(ups) or (loss_change is not None and loss_change.below)
    down = any(downs) or (loss_change is not None and loss_change.above)
    if up == down:
        return Verdict.UNCLEAR
    return Verdict.BETTER if up else Verdict.WORSE


def _without_effect(table: Table, name: str) -> bool:
    """Whether every answer is the base's, word for word, and every held-out loss too."""
    answers = table.text_pairs(name, BASE)
    losses = [(mine, theirs) for mine, theirs, _ in table.loss_pairs(name, BASE, table.topics)]
    same = all(mine == theirs for mine, theirs in answers)
    same = same and all(abs(mine - theirs) <= SAME_LOSS_NATS for mine, theirs in losses)
    return bool(answers or losses) and same


def _loss_change(table: Table, name: str, own: Sequence[str], seed: int) -> Difference | None:
    pairs = table.loss_pairs(name, BASE, own)
    changes = [mine - theirs for mine, theirs, _ in pairs]
    return mean_difference(changes, seed=seed, weights=[n_tokens for *_, n_tokens in pairs])


def _over_rivals(table: Table, name: str, rivals: Sequence[str], own: Sequence[str]) -> list[float]:
    """For each question: right or not, less the share of rivals that had it right."""
    columns = [table.exact_pairs(name, rival, own) for rival in rivals]
    return [
        column[0][0] - fmean(theirs for _, theirs in column)
        for column in zip(*columns, strict=True)
    ]


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _sentence(worth: Worth) -> str:
    if worth.verdict is Verdict.NO_EFFECT:
        return (
            f"{worth.name} changes nothing: every answer and every held-out loss is the base's; "
            "check its scale, and that it was trained and exported whole."
        )
    decided, open_ = _facts(worth)
    if not decided and not open_:
        return f"{worth.name} was not measured: there are no prompts and no held-out rows for it."
    if worth.verdict is Verdict.UNCLEAR:
        return f"{worth.name} is {_IN_WORDS[worth.verdict]}: {'; '.join(decided + open_)}."
    text = f"{worth.name} is {_IN_WORDS[worth.verdict]}: {'; '.join(decided)}"
    return f"{text}; no clear difference in the rest: {'; '.join(open_)}." if open_ else f"{text}."


def _facts(worth: Worth) -> tuple[list[str], list[str]]:
    """What was seen, in words: the measures that point somewhere, and those that do not."""
    facts: list[tuple[Difference, str]] = []
    if worth.exact_gain is not None:
        said = (
            f"{worth.exact:.0%} of {worth.exact_gain.n} questions answered exactly, by the base "
            f"{worth.exact_base:.0%} ({_points(worth.exact_gain)})"
        )
        facts.append((worth.exact_gain, said))
    if worth.f1_gain is not None and not (worth.exact_gain and _points_somewhere(worth.exact_gain)):
        facts.append((worth.f1_gain, f"F1 {worth.f1:.2f} against {worth.f1_base:.2f}"))
    if worth.loss_change is not None:
        said = f"held-out loss {worth.loss:.2f} against {worth.loss_base:.2f} nats per token"
        facts.append((worth.loss_change, said))
    decided = [said for difference, said in facts if _points_somewhere(difference)]
    return decided, [said for difference, said in facts if not _points_somewhere(difference)]


def _points_somewhere(difference: Difference) -> bool:
    return difference.above or difference.below


_IN_WORDS = {
    Verdict.BETTER: "better than the base",
    Verdict.WORSE: "worse than the base",
    Verdict.UNCLEAR: "not clearly better or worse than the base",
}


def _points(gain: Difference) -> str:
    low, high = round(100 * gain.low), round(100 * gain.high)
    return f"{100 * gain.value:+.0f} points, 95% interval {low:+d} to {high:+d}"
