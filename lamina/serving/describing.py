"""The calls that tell: models, tokens, health."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from lamina import __version__
from lamina.errors import InvalidInputError
from lamina.serving.arranging import parts_of
from lamina.serving.blends import BASE, DEFAULT, Part
from lamina.serving.registry import Layer
from lamina.serving.replies import Json, error_body, layers_of
from lamina.serving.service import Service
from lamina.serving.shapes import DetokenizeRequest, TokenizeRequest


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get("/v1/models")
    async def models() -> Json:
        known = await asyncio.to_thread(service.registry.layers)
        blends = await asyncio.to_thread(service.book.all)
        return {"object": "list", "data": [*_models(service, known), *_saved(blends)]}

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


def _models(service: Service, known: tuple[Layer, ...]) -> list[Json]:
    identity = service.base.identity
    base = {
        "name": identity.name,
        "digest": identity.digest,
        "fingerprint": identity.fingerprint,
        "architecture": identity.architecture,
        "contains_layers": list(identity.layers),
    }
    return [
        _model(BASE, base),
        _model(DEFAULT, {"layers": layers_of(service.default)}),
        *(
            _model(layer.name, {"digest": layer.digest}, layer.stamp[1] // 10**9)
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
