"""HTTP failures as sentences: what happened, at which address, and what to do."""

import httpx

from lamina.errors import (
    BusyError,
    InvalidInputError,
    LaminaError,
    MismatchError,
    NotFoundError,
)
from lamina.layer_server import complaint


class KeyRefusedError(InvalidInputError):
    """The server wants another API key: no other request will fare better."""


def unreachable(error: httpx.HTTPError | httpx.InvalidURL, url: str) -> LaminaError:
    """The error for a request that got no answer at all."""
    if isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return NotFoundError(
            f"no server answers at {url} ({error}); start one with `lamina serve`, "
            "or name another with LAMINA_SERVER_URL"
        )
    return BusyError(
        f"the server at {url} broke off or did not answer in time ({type(error).__name__}); "
        "look at its log, and run again"
    )


def refused(response: httpx.Response, url: str) -> LaminaError:
    """The error for an answer that says no."""
    said = _message(response)
    match response.status_code:
        case 401 | 403:
            return KeyRefusedError(
                f"the server at {url} wants another API key; set LAMINA_API_KEY, and "
                "LAMINA_SERVER_URL too: an address that a form or an option names gets no key"
            )
        case 404:
            return NotFoundError(f"the server at {url} says: {said}")
        case 409:
            return MismatchError(f"the server at {url} says: {said}")
        case 429 | 503:
            return BusyError(f"the server at {url} is busy: {said}; try again later")
        case status if status < 500:  # noqa: PLR2004 - HTTP's own border
            return InvalidInputError(f"the server at {url} refused the request: {said}")
        case _:
            return LaminaError(f"the server at {url} failed: {said}; look at its log")


def _message(response: httpx.Response) -> str:
    """The error's sentence, in OpenAI's shape or any other."""
    try:
        said = complaint(response.json())
    except ValueError:
        said = None
    if said is None:
        return response.text.strip()[:200] or f"status {response.status_code}"
    return said.rstrip(".")
