"""What watches the server asks: is it there, is it ready, what did it do."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from lamina import __version__
from lamina.serving.http.errors import error_body
from lamina.serving.http.replies import Json
from lamina.serving.http.service import Service


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> Json:
        return {"status": "ok", "version": __version__}

    @routes.api_route("/ready", methods=["GET", "HEAD"])
    async def ready() -> JSONResponse:
        if service.loaded is None:
            body = error_body("the base is still being loaded; ask again", 503)
            return JSONResponse(body, 503, headers={"Retry-After": "1"})
        return JSONResponse({"status": "ready", "n_ctx": service.loaded.n_ctx})

    @routes.get("/metrics")
    def metrics() -> Response:
        return Response(service.meters.page(), media_type=CONTENT_TYPE_LATEST)

    return routes
