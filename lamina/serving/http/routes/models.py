"""The calls that tell: models, tokens, health."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from lamina import __version__
from lamina.errors import InvalidInputError
from lamina.serving.http.replies import Json, error_body, layers_of, parts_of
from lamina.serving.http.requests.shapes import DetokenizeRequest, TokenizeRequest
from lamina.serving.http.service import Service
from lamina.serving.layers.blends import BASE, DEFAULT, Part


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get("/v1/models")
    async def models() -> Json:
        return {"object": "list", "data": await asyncio.to_thread(_models, service)}

    @routes.get("/v1/models/{name:path}")
    async def model(name: str) -> Json:
        return await asyncio.to_thread(_model_called, service, name)

    @routes.post("/tokenize")
    async def tokenize(body: TokenizeRequest) -> Json:
        return {"tokens": await asyncio.to_thread(_tokens, service, body)}

    @routes.post("/detokenize")
    async def detokenize(body: DetokenizeRequest) -> Json:
        return {"content": await asyncio.to_thread(_text, service, body.tokens)}

    @routes.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Json:
        return {"status": "ok", "version": __version__}

    @routes.api_route("/ready", methods=["GET", "HEAD"])
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


def _models(service: Service) -> list[Json]:
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
            for layer in service.registry.layers()
            if not layer.problem
        ),
        *_saved(service.book.all()),
    ]


def _model_called(service: Service, name: str) -> Json:
    """A model of the list, or what a blend's spelling means.

    Raises:
        LaminaError: no request could name it either.

    """
    listed = {model["id"]: model for model in _models(service)}
    return listed.get(name) or _model(name, {"layers": layers_of(service.meant(name))})


def _tokens(service: Service, body: TokenizeRequest) -> list[int]:
    loaded = service.ready()
    if body.messages:
        return loaded.prompts.chat([message.plain() for message in body.messages])
    return loaded.vocabulary.tokenize(
        body.content or "", add_bos=body.add_special, parse_special=body.parse_special
    )


def _text(service: Service, tokens: list[int]) -> str:
    words = service.ready().vocabulary
    if not all(0 <= token < words.size for token in tokens):
        msg = f"a token id lies outside 0 to {words.size - 1}; check the list"
        raise InvalidInputError(msg)
    return words.detokenize(tokens)
