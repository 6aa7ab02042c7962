"""What watches the server asks: is it there, is it ready, what did it do."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from lamina import __version__
from lamina.serving.http.described import Health, Ready
from lamina.serving.http.errors import error_body
from lamina.serving.http.openapi import errors, well
from lamina.serving.http.replies import Json
from lamina.serving.http.service import Service


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["Health"], responses=errors())

    @routes.head("/health", include_in_schema=False)
    @routes.get(
        "/health",
        summary="Whether the process is there",
        response_model=None,
        responses=well(Health),
    )
    async def health() -> Json:
        return {"status": "ok", "version": __version__}

    @routes.head("/ready", include_in_schema=False)
    @routes.get(
        "/ready",
        summary="Whether requests can be answered",
        response_model=None,
        responses=errors(503) | well(Ready),
    )
    async def ready() -> JSONResponse:
        if service.loaded is None:
            body = error_body("the base is still being loaded; ask again", 503)
            return JSONResponse(body, 503, headers={"Retry-After": "1"})
        return JSONResponse({"status": "ready", "n_ctx": service.loaded.n_ctx})

    @routes.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_description="Counters, gauges and histograms.",
        responses=errors(401, 403),
        response_class=PlainTextResponse,
    )
    def metrics() -> Response:
        return Response(service.meters.page(), media_type=CONTENT_TYPE_LATEST)

    return routes
