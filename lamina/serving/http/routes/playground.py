"""GET /: the playground, one page of package data that asks no other address for anything."""

from functools import cache
from importlib import resources

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from lamina.serving.http.service import Service

# The page carries its own script and style, and talks to this server only.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def router(_service: Service) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
        return HTMLResponse(_page(), headers=headers)

    return routes


@cache
def _page() -> str:
    return resources.files("lamina.serving.http").joinpath("playground.html").read_text("utf-8")
