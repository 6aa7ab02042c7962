"""POST /selftest/swap: proves on the running server that a swap of layers leaves nothing behind.

base -> A -> B -> A -> base: after each swap the logits of a short prompt are compared with those of
a context made for the purpose, which has seen nothing else. They must agree bit for bit: the fresh
context evaluates the prompt in the same two parts (what the server took from kept KV, then the
rest), so that even the rounding is the same. While the test runs, other requests wait.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import InvalidInputError
from lamina.serving.engine.loop import Loop
from lamina.serving.engine.sequence import Floats
from lamina.serving.http.replies import Json
from lamina.serving.http.service import Service
from lamina.serving.layers.blends import LayerSet

_PROMPT = "Say in one sentence what this company does."


class SwapTestRequest(BaseModel):
    """Body of POST /selftest/swap: the blends to swap between; default: the first two layers."""

    model_config = ConfigDict(extra="forbid")

    models: list[str] | None = Field(None, min_length=1, max_length=8)
    prompt: str = _PROMPT


@dataclass(frozen=True)
class Visit:
    """One stop on the way."""

    label: str
    reused_tokens: int
    difference: float  # largest absolute difference of a logit from the fresh context's
    fresh: Floats


def router(service: Service) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.post("/selftest/swap")
    async def swap(body: SwapTestRequest | None = None) -> Json:
        order = body or SwapTestRequest()
        sets = await asyncio.to_thread(_sets, service, order.models)
        prompt = service.ready().prompts.text(order.prompt)
        service.check_length(prompt)
        visits = service.engine.alone(partial(walk, sets=sets, prompt=prompt))
        return verdict(await asyncio.wrap_future(visits))

    return routes


def _sets(service: Service, models: list[str] | None) -> list[LayerSet]:
    names = models or [layer.name for layer in service.registry.layers() if not layer.problem][:2]
    if not names:
        msg = "there is no layer to swap to; put one into the adapters folder"
        raise InvalidInputError(msg)
    sets = [service.choose(name, None) for name in names]
    if not any(one.layers for one in sets):
        msg = f"{', '.join(names)} holds no layer to swap to; name a layer or a blend"
        raise InvalidInputError(msg)
    return sets


def walk(loop: Loop, sets: Sequence[LayerSet], prompt: list[int]) -> Sequence[Visit]:
    """Visit the base, every set, every set again in reverse, and the base. Engine thread."""
    way = [LayerSet(), *sets, *reversed(sets[:-1]), LayerSet()]
    loop.forget_everything()
    visits: list[Visit] = []
    for layers in way:
        warm, fresh, reused = loop.probe(layers, prompt)
        difference = float(np.max(np.abs(warm - fresh)))
        visits.append(Visit(layers.label, reused, difference, fresh))
    return visits


def verdict(visits: Sequence[Visit]) -> Json:
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


def _smallest_effect(visits: Sequence[Visit]) -> float:
    """Smallest largest-difference between two different sets: what a stale layer would cause."""
    by_label = {visit.label: visit.fresh for visit in visits}
    labels = sorted(by_label)
    pairs = [(one, two) for one in labels for two in labels if one < two]
    return min(float(np.max(np.abs(by_label[one] - by_label[two]))) for one, two in pairs)
