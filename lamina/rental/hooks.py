"""How the rented GPU is started and stopped: RunPod's REST API, a command, or any address.

RunPod: `POST /pods/{id}/start` and `/stop`, `GET /pods/{id}` with `desiredStatus` (RUNNING, EXITED,
TERMINATED) and `costPerHr` (a number or a text), `Authorization: Bearer KEY`. The key is in no
sentence, no log and no process's arguments: a command gets it in its environment alone.
"""

import shlex
import subprocess
from typing import Any, Literal, Protocol

import httpx

from lamina.errors import BusyError, InvalidInputError, LaminaError, NotFoundError
from lamina.rental_terms import Terms

Verb = Literal["start", "stop"]
REQUEST_S = 20.0
_COMMAND_S = 120.0
_MOST = 200  # characters of what others say


class Lessor(Protocol):
    """Whoever lets the GPU. All calls raise BusyError where trying again can help."""

    def start(self) -> None:
        """Ask for the pod; raises InvalidInputError or NotFoundError where it never will be."""

    def stop(self) -> None:
        """Give it back; NotFoundError means that it is gone already."""

    def look(self) -> "tuple[bool | None, float | None]":
        """Whether it runs, and what it costs an hour; None where nobody can tell."""


class RunPod:
    """A pod at RunPod."""

    def __init__(self, terms: Terms) -> None:
        self._pod = terms.gpu_pod or ""
        self._address = f"{terms.gpu_api.rstrip('/')}/pods/{self._pod}"
        self._http = _Http(terms, f"RunPod about pod {self._pod}")
        if terms.gpu_key is None:
            msg = "RUNPOD_API_KEY is not set; make a key in RunPod's settings and set it here"
            raise InvalidInputError(msg)

    def start(self) -> None:
        """Start or resume it."""
        self._http.ask("POST", f"{self._address}/start")

    def stop(self) -> None:
        """Stop it; its volume stays."""
        self._http.ask("POST", f"{self._address}/stop")

    def look(self) -> tuple[bool | None, float | None]:
        """As RunPod tells it."""
        told = self._http.ask("GET", self._address)
        price = told.get("adjustedCostPerHr") or told.get("costPerHr")
        try:
            known = float(price) if price else None
        except (TypeError, ValueError):
            known = None
        return told.get("desiredStatus") == "RUNNING", known


class Custom:
    """A command or an address for each of the two."""

    def __init__(self, terms: Terms) -> None:
        if not (terms.gpu_start and terms.gpu_stop):
            missing = "LAMINA_GPU_STOP" if terms.gpu_start else "LAMINA_GPU_START"
            msg = f"{missing} is not set; what is started must be stopped, too"
            raise InvalidInputError(msg)
        self._hooks: dict[Verb, str] = {"start": terms.gpu_start, "stop": terms.gpu_stop}
        self._terms = terms

    def start(self) -> None:
        """Run or POST what is named."""
        self._call("start")

    def stop(self) -> None:
        """Run or POST what is named."""
        self._call("stop")

    def look(self) -> tuple[bool | None, float | None]:
        """Nobody can tell."""
        return None, None

    def _call(self, verb: Verb) -> None:
        hook = self._hooks[verb]
        if hook.startswith(("http://", "https://")):
            _Http(self._terms, f"the {verb} hook").ask("POST", hook)
        else:
            _run(verb, hook, self._terms)


def lessor(terms: Terms) -> Lessor:
    """Whoever the settings name.

    Raises:
        InvalidInputError: a part of the settings is missing.

    """
    made: Lessor = RunPod(terms) if terms.gpu_pod else Custom(terms)
    capped = terms.gpu_cap_day is not None or terms.gpu_cap_month is not None
    if capped and not (terms.gpu_pod or terms.gpu_price_per_hour):
        msg = "a cap counts nothing without a price; set LAMINA_GPU_PRICE_PER_HOUR"
        raise InvalidInputError(msg)
    return made


class _Http:
    """Requests that carry the key, and their failures as sentences without it."""

    def __init__(self, terms: Terms, whom: str) -> None:
        self._key = terms.gpu_key.get_secret_value() if terms.gpu_key else ""
        self._whom = whom

    def ask(self, method: str, url: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            reply = httpx.request(method, url, headers=headers, timeout=REQUEST_S)
        except (httpx.HTTPError, httpx.InvalidURL) as silent:
            msg = f"{self._whom}: no answer ({type(silent).__name__}); asked again later"
            raise BusyError(msg) from silent
        if reply.is_success:
            return _json(reply)
        raise self._refusal(reply)

    def _refusal(self, reply: httpx.Response) -> LaminaError:
        said = f"{self._whom}: HTTP {reply.status_code}{self._quoted(reply)}"
        match reply.status_code:
            case 401 | 403:
                return InvalidInputError(f"{said}; correct RUNPOD_API_KEY, and its permissions")
            case 404 | 410:
                return NotFoundError(f"{said}; it is gone: make another, and set LAMINA_GPU_POD")
            case 429:
                return BusyError(f"{said}; too many requests, asked again later")
            case _:
                return BusyError(f"{said}; asked again later")

    def _quoted(self, reply: httpx.Response) -> str:
        body = _json(reply)
        told = body.get("error") or body.get("message") or body.get("detail") or ""
        return f" ({_redacted(str(told), self._key)})" if told else ""


def _run(verb: Verb, command: str, terms: Terms) -> None:
    key = terms.gpu_key.get_secret_value() if terms.gpu_key else ""
    try:
        done = subprocess.run(
            shlex.split(command), capture_output=True, text=True, timeout=_COMMAND_S, check=False
        )
    except subprocess.TimeoutExpired as slow:
        msg = f"the {verb} hook did not end within {_COMMAND_S:.0f} s; tried again later"
        raise BusyError(msg) from slow
    except (OSError, ValueError) as wrong:
        msg = f"the {verb} hook cannot be run ({wrong}); correct LAMINA_GPU_{verb.upper()}"
        raise InvalidInputError(msg) from wrong
    if done.returncode:
        (*_, last) = ["", *(done.stderr or done.stdout).strip().splitlines()]
        told = _redacted(last, key) or "it says nothing"
        msg = f"the {verb} hook failed with code {done.returncode} ({told}); tried again later"
        raise BusyError(msg)


def _json(reply: httpx.Response) -> dict[str, Any]:
    try:
        body = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _redacted(text: str, key: str) -> str:
    """One short line without the key."""
    line = " ".join(text.split())
    return (line.replace(key, "***") if key else line)[:_MOST]
