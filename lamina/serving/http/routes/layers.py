"""The calls about layers and blends: what is known, what is the default, what is saved."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import JsonValue, TypeAdapter, ValidationError

from lamina.errors import InvalidInputError
from lamina.serving.http.replies import Json, layers_of, parts_of
from lamina.serving.http.requests.shapes import LayerOrder, LayerRef
from lamina.serving.http.service import Service
from lamina.serving.layers.registry import Layer

_BARE = TypeAdapter(list[LayerRef])


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get("/lora-adapters")
    async def layers() -> list[Json]:
        known = await asyncio.to_thread(service.registry.layers)
        return [_described(service, layer) for layer in known]

    @routes.post("/lora-adapters")
    async def apply(body: Annotated[JsonValue, Body()]) -> Json:
        order = parse_order(body)
        service.ready()
        chosen = await asyncio.to_thread(service.choose, None, order)
        loading = await asyncio.wrap_future(service.engine.load(chosen))
        service.set_default(chosen)
        return {"success": True, "adapters": layers_of(chosen), "load_ms": round(loading, 3)}

    @routes.get("/blends")
    async def blends() -> Json:
        saved = await asyncio.to_thread(service.book.all)
        return {name: parts_of(parts) for name, parts in saved.items()}

    @routes.put("/blends/{name}")
    async def save(name: str, body: Annotated[JsonValue, Body()]) -> Json:
        order = parse_order(body)
        layers = await asyncio.to_thread(service.save_blend, name, order)
        return {"success": True, "name": name, "adapters": layers_of(layers)}

    @routes.delete("/blends/{name}")
    async def delete(name: str) -> Json:
        await asyncio.to_thread(service.book.delete, name)
        return {"success": True}

    return routes


def parse_order(body: JsonValue) -> list[LayerRef]:
    """Both forms of the order: `{"adapters": [...]}` and llama-server's bare list.

    Raises:
        InvalidInputError: the body is of neither form.

    """
    try:
        if isinstance(body, list):
            return _BARE.validate_python(body)
        return LayerOrder.model_validate(body).adapters
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = (
            f"the layers cannot be read ({where}: {first['msg']}); "
            'send {"adapters":[{"name":"...","scale":1.0}]}'
        )
        raise InvalidInputError(msg) from error


def _described(service: Service, layer: Layer) -> Json:
    scales = {one.name: one.scale for one in service.default.layers}
    resident = service.engine.counters.resident
    return {
        "id": layer.id,
        "name": layer.name,
        "path": str(layer.path),
        "scale": scales.get(layer.name, 0.0),
        "digest": layer.digest or None,
        "size_bytes": layer.size_bytes,
        "rank": layer.rank,
        "alpha": layer.alpha,
        "loaded": layer.digest in resident,
        "passport": layer.passport.model_dump(mode="json") if layer.passport else None,
        "problem": str(layer.problem) if layer.problem else None,
    }
