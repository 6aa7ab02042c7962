"""The HTTP application: routes, and errors in OpenAI's shape."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lamina import __version__
from lamina.errors import BusyError, LaminaError
from lamina.serving import arranging, describing, generating, playground, scoring, selftest
from lamina.serving.replies import error_body, error_of
from lamina.serving.service import Service

RETRY_AFTER_S = "2"


def build_app(service: Service) -> FastAPI:
    """The application for one base."""
    app = FastAPI(title="Lamina", version=__version__, docs_url=None, redoc_url=None)
    for module in (generating, scoring, arranging, describing, selftest, playground):
        app.include_router(module.router(service))
    app.include_router(service.meters.router())
    app.add_exception_handler(LaminaError, _foreseen)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)
    return app


async def _foreseen(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LaminaError)  # noqa: S101 - registered for it
    headers = {"Retry-After": RETRY_AFTER_S} if isinstance(error, BusyError) else None
    return JSONResponse(error_of(error), error.status, headers=headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    message = f"{where or 'the body'}: {first['msg']}; correct the request"
    return JSONResponse(error_body(message, 400, where or None), 400)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    message = f"{error.detail}; the calls are listed at /openapi.json"
    return JSONResponse(error_body(message, error.status_code), error.status_code)


async def _unforeseen(_request: Request, error: Exception) -> JSONResponse:
    message = f"the server failed ({type(error).__name__}); look at its log"
    return JSONResponse(error_body(message, 500), 500)
