"""Which key a request must carry: one for asking, one for what changes the server."""

import hmac
from collections.abc import Mapping

# Probes, the page that asks for the key, and what every server of this version says of its calls.
_OPEN_PATHS = frozenset({"/health", "/ready", "/", "/docs", "/openapi.json"})
_CHANGES = frozenset({("POST", "/lora-adapters"), ("POST", "/selftest/swap")})
_SAVING = frozenset({"PUT", "DELETE"})


def changes_the_server(method: str, path: str) -> bool:
    """Whether a call has an effect on what others are answered, or how fast."""
    return (method, path) in _CHANGES or (method in _SAVING and path.startswith("/blends/"))


class Keys:
    """The keys of a server; each may be missing. The one for changes opens everything."""

    def __init__(self, api_key: str | None = None, admin_key: str | None = None) -> None:
        self._admin = (admin_key or api_key or "").encode()
        self._any = tuple(key.encode() for key in (api_key, admin_key) if api_key and key)

    def __bool__(self) -> bool:
        """Whether asking needs a key."""
        return bool(self._any)

    def asked_for(self, method: str, path: str) -> bool:
        """Whether this call needs a key."""
        if changes_the_server(method, path):
            return bool(self._admin)
        return bool(self._any) and path not in _OPEN_PATHS

    def refusal(
        self, method: str, path: str, headers: Mapping[bytes, bytes]
    ) -> tuple[int, str] | None:
        """Status and sentence for a call that this key does not open; None where it does."""
        if not self.asked_for(method, path):
            return None
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        given = given.strip() if scheme.lower() == b"bearer" else b""
        fits = [hmac.compare_digest(given, key) for key in {*self._any, self._admin}]
        if not any(fits):
            return 401, "this server asks for a key; send it as `Authorization: Bearer ...`"
        if changes_the_server(method, path) and not hmac.compare_digest(given, self._admin):
            return 403, "this call changes the server; send its admin key (LAMINA_ADMIN_KEY)"
        return None
