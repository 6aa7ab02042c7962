"""GET /: the playground, one page of package data; GET /report: the last report, if one is here.

Neither asks another address for anything.
"""

from functools import cache
from importlib import resources

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

from lamina.errors import NotFoundError
from lamina.serving.http.service import Service

# The page carries its own script and style, and talks to this server only.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}


def router(service: Service) -> APIRouter:
    """The routes."""
    routes = APIRouter()

    @routes.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(_page(), headers=_HEADERS)

    @routes.get("/report", include_in_schema=False)
    async def report() -> FileResponse:
        if not service.papers.report.is_file():
            msg = "there is no report here; make one with `lamina qa_layers`"
            raise NotFoundError(msg)
        return FileResponse(service.papers.report, media_type="text/html", headers=_HEADERS)

    return routes


@cache
def _page() -> str:
    return resources.files("lamina.serving.http").joinpath("playground.html").read_text("utf-8")
