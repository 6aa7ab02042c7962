"""The calls that generate: chats and completions, whole or as a stream of events."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from lamina.serving.http.delivery import deliver
from lamina.serving.http.described import ChatReply, CompletionReply
from lamina.serving.http.openapi import ASKING, errors, well_or_stream
from lamina.serving.http.plan import plan
from lamina.serving.http.requests.completions import ChatRequest, CompletionRequest
from lamina.serving.http.service import Service


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["Answers"], responses=errors(*ASKING))

    @routes.post(
        "/v1/chat/completions",
        summary="Answer a conversation",
        description="OpenAI's chat completions. `model` or `lora` choose the layers; "
        "`response_format` with a JSON schema holds the answer to it.",
        response_model=None,
        responses=well_or_stream(ChatReply),
    )
    async def chat(body: ChatRequest, request: Request) -> Response:
        return await deliver(await asyncio.to_thread(plan, service, body), service, request)

    @routes.post(
        "/v1/completions",
        summary="Go on with a text",
        description="OpenAI's completions. The prompt is a text, in which special tokens are "
        "understood, or token ids; or several of either.",
        response_model=None,
        responses=well_or_stream(CompletionReply),
    )
    async def completions(body: CompletionRequest, request: Request) -> Response:
        return await deliver(await asyncio.to_thread(plan, service, body), service, request)

    @routes.head("/v1/chat/completions", include_in_schema=False)
    @routes.head("/v1/completions", include_in_schema=False)
    async def there() -> Response:
        """`curl -I`, by which people look whether a server is up."""
        return Response(headers={"Allow": "POST"})

    return routes
