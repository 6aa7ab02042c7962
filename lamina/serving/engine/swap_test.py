"""Proves on the running server that a swap of layers leaves nothing behind. Engine thread.

base -> A -> B -> A -> base: after each swap the logits of a short prompt are compared with those of
a context made for the purpose, which has seen nothing else. They must agree bit for bit: the fresh
context evaluates the prompt in the same two parts (what the server took from kept KV, then the
rest), so that even the rounding is the same. While the test runs, other requests wait.
"""

from collections.abc import Sequence as Several
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamina.errors import ResourceError
from lamina.serving.engine.loop import Loop
from lamina.serving.engine.sequence import Floats, Generation, Sequence, State
from lamina.serving.layers.blends import LayerSet
from lamina.serving.llama import Sampling


@dataclass(frozen=True)
class Visit:
    """One stop on the way."""

    label: str
    reused_tokens: int
    difference: float  # largest absolute difference of a logit from the fresh context's
    fresh: Floats


def walk(loop: Loop, sets: Several[LayerSet], prompt: list[int]) -> Several[Visit]:
    """Visit the base, every set, every set again in reverse, and the base. Nothing else runs."""
    for slot in loop.slots.free:
        loop.slots.wipe(slot)
    loop.slots.warm.clear()  # it was evaluated in other steps, which round otherwise
    way = [LayerSet(), *sets, *reversed(sets[:-1]), LayerSet()]
    return [_visit(loop, layers, prompt) for layers in way]


def _visit(loop: Loop, layers: LayerSet, prompt: list[int]) -> Visit:
    """Evaluate a prompt as this server does now, and as a fresh context does."""
    one = Generation(max_tokens=1, sampling=Sampling(temperature=0))
    sequence = Sequence(layers, list(prompt), one, keeps_logits=True)
    loop.seat(sequence)
    while sequence.state in {State.PREFILLING, State.DECODING}:
        loop.step(layers)
    if sequence.logits is None:
        msg = f"the self-test could not run {layers.label}; look at the server's log"
        raise ResourceError(msg)
    fresh = _fresh_logits(loop, layers, prompt, sequence.reused)
    difference = float(np.max(np.abs(sequence.logits - fresh)))
    return Visit(layers.label, sequence.reused, difference, fresh)


def _fresh_logits(loop: Loop, layers: LayerSet, prompt: list[int], first: int) -> Floats:
    """Logits after a prompt in a fresh context that takes the `first` tokens as one step."""
    with loop.base.fresh(len(prompt) + 1) as fresh:
        fresh.apply(loop.residency.handles(layers))
        if first:
            fresh.evaluate(prompt[:first], position=0)
        return fresh.evaluate(prompt[first:], position=first)


def verdict(visits: Several[Visit]) -> dict[str, Any]:
    """What the visits prove. `ok` is false when a swap left something behind."""
    effect = _smallest_effect(visits)
    return {
        "ok": effect > 0 and all(visit.difference == 0 for visit in visits),
        "smallest_effect_of_layers": effect,
        "visits": [
            {
                "model": visit.label,
                "prompt_tokens_reused": visit.reused_tokens,
                "largest_difference": visit.difference,
                "identical": visit.difference == 0,
            }
            for visit in visits
        ],
    }


def _smallest_effect(visits: Several[Visit]) -> float:
    """Smallest largest-difference between two different sets: what a stale layer would cause."""
    by_label = {visit.label: visit.fresh for visit in visits}
    labels = sorted(by_label)
    pairs = [(one, two) for one in labels for two in labels if one < two]
    return min(float(np.max(np.abs(by_label[one] - by_label[two]))) for one, two in pairs)
