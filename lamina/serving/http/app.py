"""The HTTP application: routes, and errors in OpenAI's shape."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lamina import __version__
from lamina.errors import BusyError, LaminaError
from lamina.serving.http.replies import error_body, error_of
from lamina.serving.http.routes import (
    completions,
    layers,
    models,
    playground,
    scores,
    swap_test,
)
from lamina.serving.http.service import Service

RETRY_AFTER_S = "2"
_NO_FIELDS = frozenset({"body", "str", "int", "float", "bool"})


def build_app(service: Service) -> FastAPI:
    """The application for one base."""
    app = FastAPI(title="Lamina", version=__version__, docs_url=None, redoc_url=None)
    for module in (completions, scores, layers, models, swap_test, playground):
        app.include_router(module.router(service))
    app.include_router(service.meters.router())
    app.add_exception_handler(LaminaError, _foreseen)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)
    return app


async def _foreseen(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LaminaError)  # noqa: S101 - registered for it
    return JSONResponse(error_of(error), error.status, headers=_advice(error))


def _advice(error: LaminaError) -> dict[str, str]:
    """Whether trying again can help, in the headers that OpenAI's clients obey."""
    if isinstance(error, BusyError):
        return {"Retry-After": RETRY_AFTER_S}
    return {} if error.status >= 500 else {"X-Should-Retry": "false"}  # noqa: PLR2004 - HTTP's


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    first = error.errors()[0]
    kind = request.headers.get("content-type", "none")
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        message, field = f"the body is no JSON ({reason} at {first['loc'][-1]}); correct it", None
    elif "json" not in kind:
        message = f"the body came with Content-Type {kind:.100}; send it as application/json"
        field = None
    else:
        message, field = _what_is_wrong(first)
    return JSONResponse(error_body(message, 400, field), 400)


def _what_is_wrong(problem: Mapping[str, Any]) -> tuple[str, str | None]:
    """A sentence about one field, and the field."""
    names = [str(part) for part in problem["loc"] if part not in _NO_FIELDS]
    # Between the names stand the kinds that a value could have been of, such as `list[...]`.
    where = ".".join(name for name in names if name.isidentifier() or name.isdecimal())
    if problem["type"] == "refused":
        return str(problem["msg"]), str(problem["ctx"]["field"])
    said = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where or 'the body'}: {said}; correct the request", where or None


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    call = f"{request.method} {request.url.path}"[:200]
    match error.status_code:
        case 404 | 405:
            message = f"there is no call {call} here; the calls are listed at /openapi.json"
        case _:
            message = f"{error.detail}; correct the request"
    body = error_body(message, error.status_code)
    return JSONResponse(body, error.status_code, headers=error.headers)


async def _unforeseen(_request: Request, error: Exception) -> JSONResponse:
    message = f"the server failed ({type(error).__name__}); look at its log"
    return JSONResponse(error_body(message, 500), 500)
