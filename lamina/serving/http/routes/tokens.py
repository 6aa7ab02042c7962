"""Texts and messages to tokens, and tokens to text."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel

from lamina.errors import InvalidInputError
from lamina.serving.http.described import Content, Tokens
from lamina.serving.http.openapi import errors, well
from lamina.serving.http.replies import Json
from lamina.serving.http.requests.messages import Message
from lamina.serving.http.service import Service


class TokenizeRequest(BaseModel):
    """Body of POST /tokenize: a text, or messages in the chat template."""

    content: str | None = None
    messages: list[Message] | None = None
    add_special: bool = True
    parse_special: bool = True


class DetokenizeRequest(BaseModel):
    """Body of POST /detokenize."""

    tokens: list[int]


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["Tokens"], responses=errors(400, 401, 403, 408, 413, 503))

    @routes.post(
        "/tokenize",
        summary="A text or a conversation to token ids",
        response_model=None,
        responses=well(Tokens),
    )
    async def tokenize(body: TokenizeRequest) -> Json:
        return {"tokens": await asyncio.to_thread(_tokens, service, body)}

    @routes.post(
        "/detokenize",
        summary="Token ids to text",
        response_model=None,
        responses=well(Content),
    )
    async def detokenize(body: DetokenizeRequest) -> Json:
        return {"content": await asyncio.to_thread(_text, service, body.tokens)}

    return routes


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
