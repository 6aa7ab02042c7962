"""How the product asks a layer server over HTTP: its key, what counts as no answer, its errors.

The server is this pod's own, or named by its address: no proxy of the environment stands between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

NO_ANSWER = (httpx.HTTPError, httpx.InvalidURL)


@dataclass(frozen=True, slots=True)
class Heard:
    """What an address answered: nothing at all, or a status and a JSON body."""

    status: int | None = None
    body: Any = None

    @property
    def well(self) -> bool:
        """It answered, and did not refuse."""
        return self.status is not None and self.status < 400  # noqa: PLR2004 - HTTP's own border


def client(url: str, key: str | None = None, *, timeout: httpx.Timeout | float) -> httpx.Client:
    """A client of the server at this address, for any number of threads."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    limits = httpx.Limits(max_connections=None)
    return httpx.Client(
        base_url=url, headers=headers, timeout=timeout, limits=limits, trust_env=False
    )


def hear(url: str, key: str | None = None, *, method: str = "GET", within_s: float) -> Heard:
    """What this address answers to one request without a body."""
    try:
        with client("", key, timeout=within_s) as asking:
            response = asking.request(method, url)
    except NO_ANSWER:
        return Heard()
    try:
        return Heard(response.status_code, response.json())
    except ValueError:  # no JSON: another program
        return Heard(response.status_code)


def complaint(body: object) -> str | None:
    """The sentence of an error, in OpenAI's shape or a plainer one; None where there is none."""
    error = body.get("error") if isinstance(body, Mapping) else None
    said = error.get("message", error) if isinstance(error, Mapping) else error
    return None if said is None else str(said)
