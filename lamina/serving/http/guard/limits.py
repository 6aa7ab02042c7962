"""Who may ask, how much and how slowly, checked before a body is parsed. Pure ASGI."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from lamina.serving.http.errors import error_body
from lamina.serving.http.guard.keys import Keys
from lamina.serving.http.guard.origins import foreign_host, foreign_page

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_PROBES = frozenset({"/health", "/ready"})


class Limits:
    """Refuses who has not the key, foreign web pages where there is none, and bodies too large."""

    def __init__(
        self,
        app: App,
        *,
        keys: Keys,
        max_body_bytes: int,
        only_loopback: bool = False,
        body_within_s: float = 30.0,  # between two pieces of a body
    ) -> None:
        self._app = app
        self._keys = keys
        self._max_bytes = max_body_bytes
        self._only_loopback = only_loopback
        self._body_within_s = body_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if refusal := self._refusal(scope, headers):
            await _refuse(send, *refusal)
            return
        if int(headers.get(b"content-length", b"0") or 0) > self._max_bytes:
            await _refuse(send, *self._too_large())
            return
        await self._watched(scope, receive, send)

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        """Status and sentence for a request that nobody may make."""
        call = scope["method"], scope["path"]
        if self._keys.asked_for(*call):
            return self._keys.refusal(*call, headers)
        if self._keys or scope["path"] in _PROBES:
            return None
        if self._only_loopback and (host := foreign_host(headers)):
            return 403, (
                f"this server listens on this machine only and does not answer to {host}; ask "
                "it as localhost, or set LAMINA_API_KEY"
            )
        if foreign_page(scope["method"], headers):
            return 403, (
                "a web page of another server may not ask this one without a key; "
                "set LAMINA_API_KEY, or open the playground"
            )
        return None

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app, watching what it reads: a body may come without a length, or without end."""
        size = 0
        started = whole = False
        refusal: tuple[int, str] | None = None

        async def reading() -> MutableMapping[str, Any]:
            nonlocal size, whole, refusal
            try:
                # After the body, what is received is that the client left: that may take any time.
                message = await asyncio.wait_for(receive(), None if whole else self._body_within_s)
            except TimeoutError:
                refusal = self._too_slow()
                raise
            whole = not message.get("more_body", False)
            size += len(message.get("body", b""))
            if size > self._max_bytes:
                refusal = self._too_large()
                raise ValueError(refusal)
            return message

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if refusal is None or started:  # else the app answers to the error raised above
                started = True
                await send(message)

        try:
            await self._app(scope, reading, sending)
        except (TimeoutError, ValueError):
            if refusal is None:
                raise
        if refusal and not started:
            await _refuse(send, *refusal)

    def _too_large(self) -> tuple[int, str]:
        return 413, f"the body is larger than {self._max_bytes} bytes; send less at once"

    def _too_slow(self) -> tuple[int, str]:
        return 408, f"nothing more of the body came in {self._body_within_s:g} s; send it again"


async def _refuse(send: Send, status: int, message: str) -> None:
    body = json.dumps(error_body(message, status)).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    headers += [(b"www-authenticate", b"Bearer")] if status == 401 else []  # noqa: PLR2004 - HTTP's
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
