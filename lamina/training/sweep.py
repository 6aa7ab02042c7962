"""Which rate and rank suit a layer's own rows: short runs, compared by what the layer is for. Pure.

First the rate: the profile's, half and double of it. Then, at the rate that won, the rank: half
and double. Alpha stays, since with it the best rate hardly depends on the rank ("LoRA Without
Regret", Schulman and Thinking Machines Lab, 2025). A short run's rate falls to nought as a whole
run's does, and may be a little higher, so equals go to the lower rate and to the smaller rank.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.store import Stage
from lamina.training.curve import MEASURES, Measure
from lamina.training.plan import Plan
from lamina.training.profiles import Profile, overridden

STAGE = Stage("sweep", 1)
RATES = (0.5, 1.0, 2.0)  # times the profile's
RANKS = (0.5, 2.0)
SHARE, FEWEST = 0.25, 10  # of the steps; no run is shorter than so many
COST = SHARE * (len(RATES) + len(RANKS))  # of a whole run
EQUAL = 0.005  # nats a token: as near as two seeds of one profile come


class Trial(BaseModel):
    """One short run and what came of it."""

    model_config = ConfigDict(frozen=True)

    profile: Profile = Field(description="of the short run")
    measure: Measure
    loss: float = Field(description="nats a token at its end")


def rates(profile: Profile) -> list[Profile]:
    """The profile at other rates, itself among them."""
    return [
        overridden(profile, {"learning_rate": rate})
        for factor in RATES
        if 0 < (rate := profile.learning_rate * factor) < 1
    ]


def ranks(profile: Profile) -> list[Profile]:
    """The profile at other ranks."""
    return [
        overridden(profile, {"rank": rank})
        for factor in RANKS
        if (rank := round(profile.rank * factor)) >= 1
    ]


def short(profile: Profile, plan: Plan) -> Profile:
    """The same on a share of the plan's steps, each as large as there, and measured at the end."""
    return overridden(
        profile,
        {
            "steps": max(FEWEST, round(SHARE * plan.steps)),
            "least_steps": 0,
            "smallest_batch": None,
            "batch_tokens": plan.batch_tokens,
            "evaluations": 1,
            "evaluate_steps": None,
            "patience": 0,
            "keep": "last",
        },
    )


def best(tried: Sequence[Trial]) -> Trial:
    """The lowest loss; of those that equal it the one with the lowest rate, then the least rank."""
    least = min(one.loss for one in tried)
    equal = [one for one in tried if one.loss <= least + EQUAL]
    return min(equal, key=lambda one: (one.profile.learning_rate, one.profile.rank))


def taken(profile: Profile, tried: Sequence[Trial]) -> Profile:
    """The profile at rate and rank of the best trial, all else as it was."""
    won = best(tried).profile
    return overridden(profile, {"learning_rate": won.learning_rate, "rank": won.rank})


def sentence(tried: Sequence[Trial]) -> str:
    """What was taken and why, for a person."""
    if not tried:
        return "nothing is held out that a sweep could choose by; takes the profile as it is"
    won = best(tried)
    steps = won.profile.steps
    others = sorted((one for one in tried if one != won), key=lambda one: one.loss)
    said = f"takes {_named(won)}: {MEASURES[won.measure]} {won.loss:.3f} after {steps} steps"
    return said + (f"; next {_named(others[0])} with {others[0].loss:.3f}" if others else "")


def rows(tried: Sequence[Trial]) -> Iterator[dict[str, Any]]:
    """The trials as a table for people."""
    won = best(tried)
    for one in tried:
        yield {
            "rate": f"{one.profile.learning_rate:g}",
            "rank": one.profile.rank,
            "steps": one.profile.steps,
            MEASURES[one.measure]: f"{one.loss:.4f}",
            "taken": "yes" if one == won else "",
        }


def _named(one: Trial) -> str:
    return f"rate {one.profile.learning_rate:g}, rank {one.profile.rank}"
