"""Who may ask, and how much: a key and a size, checked before a body is parsed. Pure ASGI."""

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from lamina.serving.replies import error_body

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_OPEN_PATHS = frozenset({"/health", "/ready", "/"})  # for probes and for the page that asks the key


class _TooLarge(Exception):  # noqa: N818 - never leaves this module
    pass


class Limits:
    """Refuses requests without the key and bodies that are too large."""

    def __init__(self, app: App, *, api_key: str | None, max_body_bytes: int) -> None:
        self._app = app
        self._key = api_key.encode() if api_key else None
        self._max_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if self._key and scope["path"] not in _OPEN_PATHS and not self._authorized(headers):
            msg = "this server asks for a key; send it as `Authorization: Bearer ...`"
            await _refuse(send, 401, msg)
            return
        if int(headers.get(b"content-length", b"0") or 0) > self._max_bytes:
            await self._too_large(send)
            return
        await self._counted(scope, receive, send)

    def _authorized(self, headers: dict[bytes, bytes]) -> bool:
        given = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        return hmac.compare_digest(given, self._key or b"")

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app, counting what it reads: a body may come without a length."""
        size = 0
        started = False

        async def counting() -> MutableMapping[str, Any]:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._max_bytes:
                raise _TooLarge
            return message

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counting, sending)
        except _TooLarge:
            if not started:
                await self._too_large(send)

    async def _too_large(self, send: Send) -> None:
        msg = f"the body is larger than {self._max_bytes} bytes; send less at once"
        await _refuse(send, 413, msg)


async def _refuse(send: Send, status: int, message: str) -> None:
    body = json.dumps(error_body(message, status)).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
