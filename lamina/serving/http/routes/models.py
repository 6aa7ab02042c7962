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
    return [
        _model(name, _spelled(parts), {"blend": parts_of(parts)}) for name, parts in blends.items()
    ]


def _spelled(parts: tuple[Part, ...]) -> str:
    return "+".join(f"{part.layer}:{part.scale:g}" for part in parts)


def _model(name: str, root: str, facts: Json, created_s: int = 0) -> Json:
    """`root` and `parent` are vLLM's: clients tell layers from bases by them."""
    return {
        "id": name,
        "object": "model",
        "created": created_s,
        "owned_by": "lamina",
        "root": root,
        "parent": None if name == BASE else BASE,
        "lamina": facts,
    }


def _models(service: Service) -> list[Json]:
    identity, default = service.registry.base.identity, service.routing.default
    finds = service.routing.finds
    base = {
        "name": identity.name,
        "digest": identity.digest,
        "fingerprint": identity.fingerprint,
        "architecture": identity.architecture,
        "contains_layers": list(identity.layers),
        "report": service.papers.report.is_file(),
        "slots": service.engine.options.context.n_slots,
    }
    return [
        _model(BASE, identity.name, base),
        _model(DEFAULT, default.label, {"layers": layers_of(default)}),
        *([_model(AUTO, AUTO, {"layers": "found by what is asked"})] if finds else []),
        *(
            _model(layer.name, str(layer.path), {"digest": layer.digest}, layer.stamp[1] // 10**9)
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
    if name in listed:
        return listed[name]
    layers = service.routing.meant(name)
    return _model(name, layers.label, {"layers": layers_of(layers)})
