"""The calls that generate: chats and completions, whole or as a stream of events."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from lamina.serving.http.delivery import deliver
from lamina.serving.http.plan import plan
from lamina.serving.http.requests.completions import ChatRequest, CompletionRequest
from lamina.serving.http.service import Service


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.post("/v1/chat/completions")
    async def chat(body: ChatRequest, request: Request) -> Response:
        return await deliver(await asyncio.to_thread(plan, service, body), service, request)

    @routes.post("/v1/completions")
    async def completions(body: CompletionRequest, request: Request) -> Response:
        return await deliver(await asyncio.to_thread(plan, service, body), service, request)

    @routes.head("/v1/chat/completions")
    @routes.head("/v1/completions")
    async def there() -> Response:
        """`curl -I`, by which people look whether a server is up."""
        return Response(headers={"Allow": "POST"})

    return routes
