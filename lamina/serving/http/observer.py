"""An id, a count and one line of the log for every request."""

import json
import time
import uuid
from collections.abc import MutableMapping
from typing import Any, TextIO

from lamina.serving.http.guard.limits import App, Receive, Scope, Send
from lamina.serving.http.meters import Meters
from lamina.serving.http.replies import LAYERS_HEADER

_QUIET_PATHS = frozenset({"/health", "/ready", "/metrics"})  # probes would drown the rest
REQUEST_ID = b"x-request-id"


class Observer:
    """Gives every request an id, counts it, and writes one line of JSON when it is over."""

    def __init__(self, app: App, meters: Meters, *, log: TextIO | None) -> None:
        self._app = app
        self._meters = meters
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and watch."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(REQUEST_ID, b"")[:64]
        number = given if given.isascii() and given else uuid.uuid4().hex[:16].encode()
        started_s = time.perf_counter()
        seen: dict[str, Any] = {"status": 500, "layers": None}

        async def watching(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                seen["status"] = message["status"]
                layers = headers.get(LAYERS_HEADER.lower().encode())
                seen["layers"] = layers.decode("latin-1") if layers else None
                message["headers"] = [*message["headers"], (REQUEST_ID, number)]
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            self._done(scope, seen, number.decode(), time.perf_counter() - started_s)

    def _done(self, scope: Scope, seen: dict[str, Any], number: str, seconds: float) -> None:
        route = scope.get("route")
        path = route.path if route is not None else "other"  # unknown paths must not add up
        self._meters.request(path, seen["status"])
        if self._log is None or path in _QUIET_PATHS:
            return
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "request": number,
            "method": scope["method"],
            "path": scope["path"],
            "ms": round(1000 * seconds, 1),
            **seen,
        }
        print(json.dumps(line), file=self._log, flush=True)
