"""Which web pages may ask a server without a key. Pure; asked by `limits`.

A browser lets any page on the internet send requests to this machine. Two ways are closed here, and
only where no key is asked for: with one, no foreign page can make a request that counts.

- A page of another origin posts to `http://localhost:5000` blindly. Browsers say where a request
  comes from (Sec-Fetch-Site, Origin); programs say nothing and pass. The rules are those of Go's
  `http.CrossOriginProtection`.
- A page lets its own name resolve to 127.0.0.1 (DNS rebinding), so that it is of the same origin.
  Such a request carries that name as Host. A server that listens on loopback only answers to names
  of the loopback alone.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

_READING = frozenset({"GET", "HEAD", "OPTIONS"})  # they change nothing


def is_loopback(host: str) -> bool:
    """Whether this address or name is this machine's own and nobody else's."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def foreign_host(headers: Mapping[bytes, bytes]) -> str | None:
    """The name in Host where it is none of the loopback's; None where it is, or is not given."""
    given = headers.get(b"host", b"").decode("latin-1")
    try:
        name = urlsplit(f"//{given}").hostname
    except ValueError:
        return given
    return None if not given or is_loopback(name or "") else given


def foreign_page(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser sends this on behalf of a page that another server made."""
    if method in _READING:
        return False
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in {b"same-origin", b"none"}
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2] != headers.get(b"host")
