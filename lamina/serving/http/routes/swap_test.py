"""POST /selftest/swap: the running server proves that a swap of layers leaves nothing behind."""

import asyncio
from functools import partial

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from lamina.errors import InvalidInputError
from lamina.serving.engine.swap_test import verdict, walk
from lamina.serving.http.described import SwapReport
from lamina.serving.http.openapi import CHANGING, errors, well
from lamina.serving.http.replies import Json
from lamina.serving.http.service import Service
from lamina.serving.layers.blends import LayerSet

_PROMPT = "Say in one sentence what this company does."


class SwapTestRequest(BaseModel):
    """Body of POST /selftest/swap: the blends to swap between; default: the first two layers."""

    model_config = ConfigDict(extra="forbid")

    models: list[str] | None = Field(None, min_length=1, max_length=8)
    prompt: str = _PROMPT


def router(service: Service) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["Health"], responses=errors(*CHANGING))

    @routes.post(
        "/selftest/swap",
        summary="Prove that swapping layers leaves nothing behind",
        description="Base, each blend, back, and base again, logit by logit against a context "
        "that has seen nothing else. Other requests wait meanwhile.",
        response_model=None,
        responses=well(SwapReport),
    )
    async def swap(body: SwapTestRequest | None = None) -> Json:
        order = body or SwapTestRequest()
        sets = await asyncio.to_thread(_sets, service, order.models)
        [prompt] = service.ready().tokens([order.prompt])
        most = service.engine.options.context.n_batch
        if len(prompt) > most:
            msg = f"the prompt has {len(prompt)} tokens, and the test takes {most}; shorten it"
            raise InvalidInputError(msg)
        visits = service.engine.alone(partial(walk, sets=sets, prompt=prompt))
        return verdict(await asyncio.wrap_future(visits))

    return routes


def _sets(service: Service, models: list[str] | None) -> list[LayerSet]:
    names = models or [layer.name for layer in service.registry.layers() if not layer.problem][:2]
    if not names:
        msg = "there is no layer to swap to; put one into the adapters folder"
        raise InvalidInputError(msg)
    sets = [service.routing.choose(name, None) for name in names]
    if not any(one.layers for one in sets):
        msg = f"{', '.join(names)} holds no layer to swap to; name a layer or a blend"
        raise InvalidInputError(msg)
    return sets
