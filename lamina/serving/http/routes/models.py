"""The models that a request can name: the base, the default, every layer and saved blend."""

import asyncio

from fastapi import APIRouter

from lamina.serving.http.described import Model, ModelList
from lamina.serving.http.openapi import READING, errors, well
from lamina.serving.http.replies import Json, layers_of, parts_of
from lamina.serving.http.service import Service
from lamina.serving.layers.blends import AUTO, BASE, DEFAULT, Part


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["Layers"], responses=errors(*READING))

    @routes.get(
        "/v1/models",
        summary="What `model` can name",
        description="The base, the default, every layer that can be used, every saved blend; "
        "`auto` where layers say what they were trained on.",
        response_model=None,
        responses=well(ModelList),
    )
    async def models() -> Json:
        return {"object": "list", "data": await asyncio.to_thread(_models, service)}

    @routes.get(
        "/v1/models/{name:path}",
        summary="What one name means",
        description="A model of the list, or a blend in its spelling: `A:0.6+B:0.4`.",
        response_model=None,
        responses=errors(400, 404, 409) | well(Model),
    )
    async def model(name: str) -> Json:
        return await asyncio.to_thread(_model_called, service, name)

    return routes


def _saved(blends: dict[str, tuple[Part, ...]]) -> list[Json]:
    return [_model(name, {"blend": parts_of(parts)}) for name, parts in blends.items()]


def _model(name: str, facts: Json, created_s: int = 0) -> Json:
    return {
        "id": name,
        "object": "model",
        "created": created_s,
        "owned_by": "lamina",
        "lamina": facts,
    }


def _models(service: Service) -> list[Json]:
    identity = service.registry.base.identity
    base = {
        "name": identity.name,
        "digest": identity.digest,
        "fingerprint": identity.fingerprint,
        "architecture": identity.architecture,
        "contains_layers": list(identity.layers),
        "slots": service.engine.options.context.n_slots,
    }
    return [
        _model(BASE, base),
        _model(DEFAULT, {"layers": layers_of(service.routing.default)}),
        *([_model(AUTO, {"layers": "found by what is asked"})] if service.routing.finds else []),
        *(
            _model(layer.name, {"digest": layer.digest}, layer.stamp[1] // 10**9)
            for layer in service.registry.layers()
            if not layer.problem
        ),
        *_saved(service.routing.saved.all()),
    ]


def _model_called(service: Service, name: str) -> Json:
    """A model of the list, or what a blend's spelling means.

    Raises:
        LaminaError: no request could name it either.

    """
    listed = {model["id"]: model for model in _models(service)}
    return listed.get(name) or _model(name, {"layers": layers_of(service.routing.meant(name))})
