"""Errors in OpenAI's shape: foreseen ones, bodies that cannot be read, paths that are not there."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from lamina.errors import BusyError, LaminaError

RETRY_AFTER_S = "2"
_NO_FIELDS = frozenset({"body", "str", "int", "float", "bool"})
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "invalid_request_error",
    422: "unprocessable_entity_error",
    429: "rate_limit_error",
    503: "overloaded_error",
}
_SERVERS_FAULT = 500
_CODES = {401: "invalid_api_key", 404: "not_found", 413: "context_length_exceeded"}


def error_body(message: str, status: int, param: str | None = None) -> dict[str, Any]:
    """An error in OpenAI's shape."""
    kind = _TYPES.get(status, "server_error" if status >= _SERVERS_FAULT else _TYPES[400])
    # What the caller sent may be quoted in it, half characters included, which no UTF-8 can carry.
    said = message.encode("utf-8", "replace").decode()
    return {"error": {"message": said, "type": kind, "param": param, "code": _CODES.get(status)}}


def error_of(error: LaminaError) -> dict[str, Any]:
    """A foreseen error in OpenAI's shape."""
    return error_body(str(error), error.status)


def answer_errors(app: FastAPI) -> None:
    """Every error of this application's calls gets its reply here."""
    app.add_exception_handler(LaminaError, _foreseen)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


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
    if problem["type"] == "missing":
        return f"{where or 'the body'} is missing; send it", where or None
    said = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where or 'the body'}: {said}; correct the request", where or None


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    call = f"{request.method} {request.url.path}"[:200]
    match error.status_code:
        case 404 | 405:
            message = f"there is no call {call} here; the calls are listed at /docs"
        case _:
            message = f"{error.detail}; correct the request"
    body = error_body(message, error.status_code)
    return JSONResponse(body, error.status_code, headers=error.headers)


async def _unforeseen(_request: Request, error: Exception) -> JSONResponse:
    message = f"the server failed ({type(error).__name__}); look at its log"
    return JSONResponse(error_body(message, 500), 500)
