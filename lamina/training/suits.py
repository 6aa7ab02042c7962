"""Whether a profile suits a base: its rate there, and how far its steps can move it. Pure.

How far is a bound that follows from the way a layer begins. Its B matrices start at nought, and
Adam moves a weight by at most about the rate in a step (arXiv 1412.6980, section 2.1), so after a
run no entry of B is larger than the sum of its rates. PEFT draws A uniformly up to 1/sqrt(inputs),
a third of the square of what a linear module of the base is scaled to. Together, a layer's output
is at most about

    alpha / sqrt(rank) * (sum of the rates) / sqrt(3)

of what the module itself gives: the layer's reach.
"""

import math
from collections.abc import Mapping
from typing import Any

from lamina.training.packing import rate_share
from lamina.training.profiles import LAYER, PRESETS, Profile

# How the best rate of LoRA falls with the hidden width of Llama-like bases: "LoRA Without Regret"
# (Schulman and Thinking Machines Lab, 2025), rate = 5e-4 * (2000 / width) ** 0.781.
WIDTH_EXPONENT = 0.781
# Measured on SmolLM2-135M and ASC_718, whose held-out loss of 2.465 falls by 0.59 at best: by 0.035
# at a reach of 0.003, by 0.12 at 0.017 (benchmarks/results/recipe.md). A run on the embedded base
# came to 3.5 and learnt, another to 6.9 and diverged.
LEAST_REACH, MOST_REACH = 0.01, 5.0


def peak_rate(chosen: Profile, config: Mapping[str, Any]) -> float:
    """The learning rate on a base with this `config.json`."""
    if chosen.rate_width is None:
        return chosen.learning_rate
    narrower = chosen.rate_width / int(config["hidden_size"])
    return chosen.learning_rate * float(narrower**WIDTH_EXPONENT)


def reach(chosen: Profile, config: Mapping[str, Any], steps: int) -> float:
    """The largest share of a module's own output that its layer can come to in so many steps."""
    shares = sum(rate_share(n, steps, chosen.warmup_share) for n in range(1, steps + 1))
    rates = peak_rate(chosen, config) * shares
    return chosen.alpha / math.sqrt(3 * chosen.rank) * rates


def unsuited(chosen: Profile, config: Mapping[str, Any], steps: int) -> str:
    """One sentence where the run would hardly change the base, or could wreck it; else empty."""
    far, rate = reach(chosen, config, steps), peak_rate(chosen, config)
    run = f"{steps:,} step{'s' * (steps != 1)} at {rate:.2g}"
    if far < LEAST_REACH:
        return f"{run} will hardly change this base; {_remedy(chosen, config)}"
    if far > MOST_REACH:
        return f"{run} may unlearn what this base knows; lower learning_rate or steps"
    return ""


def _remedy(chosen: Profile, config: Mapping[str, Any]) -> str:
    usual = PRESETS[LAYER]
    if chosen.name == LAYER:
        return "raise learning_rate or least_steps"
    return (
        f"the profile {LAYER} takes at least {usual.least_steps} at "
        f"{peak_rate(usual, config):.2g} (--profile {LAYER})"
    )
