"""The calls about layers and blends: what is known, what is the default, what is saved."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import JsonValue

from lamina.serving.http.described import BlendSaved, DefaultSet, Done, KnownLayer, NamedPart
from lamina.serving.http.openapi import CHANGING, LAYERS_BODY, READING, errors, well
from lamina.serving.http.replies import Json, layers_of, parts_of
from lamina.serving.http.requests.layers import parts_ordered
from lamina.serving.http.service import Service
from lamina.serving.layers.layer import Layer


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["Layers"], responses=errors(*READING))

    @routes.get(
        "/lora-adapters",
        summary="Every known layer",
        response_model=list[KnownLayer],
        response_description="By id; those that cannot be used say why.",
    )
    async def layers() -> list[Json]:
        return await asyncio.to_thread(_all_described, service)

    @routes.post(
        "/lora-adapters",
        summary="Set the default blend",
        description="What answers requests that name no model. A layer is named by `name`, `id` "
        "or `path`; an empty list is the base alone. Nothing changes where one cannot be used. "
        "It comes back after a restart if its layers lie in the adapters folder.",
        response_model=None,
        responses=errors(*CHANGING) | well(DefaultSet),
        openapi_extra=LAYERS_BODY,
    )
    async def apply(body: Annotated[JsonValue, Body()]) -> Json:
        order = parts_ordered(body)
        service.ready()
        chosen = await asyncio.to_thread(service.routing.choose, None, order)
        loading = await asyncio.wrap_future(service.engine.load(chosen))
        service.routing.set_default(chosen)
        kept = await asyncio.to_thread(service.routing.keep_default)
        return {
            "success": True,
            "adapters": layers_of(chosen),
            "load_ms": round(loading, 3),
            "kept": kept,
        }

    @routes.get(
        "/blends",
        summary="Saved blends",
        response_description="Each name with its layers.",
        response_model=dict[str, list[NamedPart]],
    )
    async def blends() -> Json:
        saved = await asyncio.to_thread(service.routing.saved.all)
        return {name: parts_of(parts) for name, parts in saved.items()}

    @routes.put(
        "/blends/{name}",
        summary="Save a blend",
        description="Requests can give its name as `model` then. Its layers are given by name.",
        response_model=None,
        responses=errors(*CHANGING) | well(BlendSaved),
        openapi_extra=LAYERS_BODY,
    )
    async def save(name: str, body: Annotated[JsonValue, Body()]) -> Json:
        order = parts_ordered(body)
        layers = await asyncio.to_thread(service.routing.save, name, order)
        return {"success": True, "name": name, "adapters": layers_of(layers)}

    @routes.delete(
        "/blends/{name}",
        summary="Forget a saved blend",
        response_model=None,
        responses=errors(*CHANGING) | well(Done),
    )
    async def delete(name: str) -> Json:
        await asyncio.to_thread(service.routing.saved.delete, name)
        return {"success": True}

    return routes


def _all_described(service: Service) -> list[Json]:
    return [_described(service, layer) for layer in service.registry.layers()]


def _described(service: Service, layer: Layer) -> Json:
    scales = {one.name: one.scale for one in service.routing.default.layers}
    return {
        "id": layer.id,
        "name": layer.name,
        "path": str(layer.source or layer.path),
        "scale": scales.get(layer.name, 0.0),
        "digest": layer.digest or None,
        "size_bytes": layer.size_bytes,
        "rank": layer.rank,
        "alpha": layer.alpha,
        "loaded": layer.digest in service.engine.memory.loaded,
        "passport": layer.passport.model_dump(mode="json") if layer.passport else None,
        "made_s": layer.stamp[1] // 10**9,
        "verdict": service.papers.verdict(layer.name, layer.digest),
        "examples": service.papers.examples(layer.name),
        "problem": str(layer.problem) if layer.problem else None,
    }
