"""The calls that tell and set: layers, models, tokens, health."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import JSONResponse
from pydantic import JsonValue, TypeAdapter, ValidationError

from lamina import __version__
from lamina.errors import InvalidInputError
from lamina.serving.blends import BASE, DEFAULT
from lamina.serving.registry import Layer
from lamina.serving.replies import Json, error_body, layers_of
from lamina.serving.service import Service
from lamina.serving.shapes import DetokenizeRequest, LayerOrder, LayerRef, TokenizeRequest

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

    @routes.get("/v1/models")
    async def models() -> Json:
        known = await asyncio.to_thread(service.registry.layers)
        return {"object": "list", "data": _models(service, known)}

    @routes.post("/tokenize")
    async def tokenize(body: TokenizeRequest) -> Json:
        return {"tokens": await asyncio.to_thread(_tokens, service, body)}

    @routes.post("/detokenize")
    async def detokenize(body: DetokenizeRequest) -> Json:
        words = service.ready().vocabulary
        if not all(0 <= token < words.size for token in body.tokens):
            msg = f"a token id lies outside 0 to {words.size - 1}; check the list"
            raise InvalidInputError(msg)
        return {"content": words.detokenize(body.tokens)}

    @routes.get("/health")
    async def health() -> Json:
        return {"status": "ok", "version": __version__}

    @routes.get("/ready")
    async def ready() -> JSONResponse:
        if service.loaded is None:
            body = error_body("the base is still being loaded; ask again", 503)
            return JSONResponse(body, 503, headers={"Retry-After": "1"})
        return JSONResponse({"status": "ready", "n_ctx": service.loaded.n_ctx})

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
    scales = {one.digest: one.scale for one in service.default.layers}
    resident = service.engine.counters.resident
    return {
        "id": layer.id,
        "name": layer.name,
        "path": str(layer.path),
        "scale": scales.get(layer.digest, 0.0),
        "digest": layer.digest or None,
        "size_bytes": layer.size_bytes,
        "rank": layer.rank,
        "alpha": layer.alpha,
        "loaded": layer.digest in resident,
        "passport": layer.passport.model_dump(mode="json") if layer.passport else None,
        "problem": str(layer.problem) if layer.problem else None,
    }


def _models(service: Service, known: tuple[Layer, ...]) -> list[Json]:
    identity = service.base.identity

    def model(name: str, facts: Json, created_s: int = 0) -> Json:
        return {
            "id": name,
            "object": "model",
            "created": created_s,
            "owned_by": "lamina",
            "lamina": facts,
        }

    base = {
        "name": identity.name,
        "digest": identity.digest,
        "fingerprint": identity.fingerprint,
        "architecture": identity.architecture,
        "contains_layers": list(identity.layers),
    }
    return [
        model(BASE, base),
        model(DEFAULT, {"layers": layers_of(service.default)}),
        *(
            model(layer.name, {"digest": layer.digest}, layer.stamp[1] // 10**9)
            for layer in known
            if not layer.problem
        ),
    ]


def _tokens(service: Service, body: TokenizeRequest) -> list[int]:
    loaded = service.ready()
    if body.messages:
        return loaded.prompts.chat([message.plain() for message in body.messages])
    return loaded.vocabulary.tokenize(
        body.content or "", add_bos=body.add_special, parse_special=body.parse_special
    )
