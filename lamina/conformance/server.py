"""A server as it is asked: by names of layers in `model`, or by numbers in `lora`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import httpx

from lamina.errors import BusyError, InvalidInputError, NotFoundError
from lamina.layer_server import NO_ANSWER, complaint

Json = dict[str, Any]
Blend = Mapping[str, float]  # layer to strength; empty = the base alone
_TOKENS = 16


class RefusedError(Exception):
    """The server answered with an error."""


class NotOfferedError(Exception):
    """The server's interface cannot say what is asked for."""


@dataclass(frozen=True)
class Server:
    """A server, and how it is told which layers answer."""

    http: httpx.Client
    base: str | None  # the base's name in `model`; None: layers are chosen by number
    numbers: Mapping[str, int]  # of layers, as GET /lora-adapters lists them
    blends: bool  # it takes several layers, and strengths
    bare_default: bool  # who chooses nothing is answered by the base

    def chosen(self, blend: Blend) -> Json:
        """The fields of a request that choose these layers.

        Raises:
            NotOfferedError: this server has no words for it.

        """
        if self.base is None:
            scales = {**blend, **{name: 0.0 for name in self.numbers if name not in blend}}
            return {"lora": [{"id": self.numbers[n], "scale": one} for n, one in scales.items()]}
        if not blend or (len(blend) == 1 and set(blend.values()) == {1.0}):
            return {"model": next(iter(blend), self.base)}
        if not self.blends:
            raise NotOfferedError
        parts = [{"name": name, "scale": scale} for name, scale in blend.items()]
        return {"model": self.base, "lora": parts}

    def answer(self, prompt: str, chosen: Json, *, cold: bool = False) -> str:
        """A greedy answer.

        Raises:
            RefusedError: the server answered with an error.
            BusyError: it did not answer.

        """
        body = {"prompt": prompt, "max_tokens": _TOKENS, "temperature": 0, **chosen}
        body |= {"cache_prompt": False} if cold else {}
        try:
            reply = self.http.post("/v1/completions", json=body)
            told = reply.json()
        except NO_ANSWER as error:
            msg = f"{self.http.base_url} did not answer ({error}); look at its log"
            raise BusyError(msg) from error
        except ValueError:
            told = {}
        if reply.is_error or not isinstance(told, dict) or not told.get("choices"):
            raise RefusedError(complaint(told) or f"status {reply.status_code}")
        return str(told["choices"][0]["text"])

    def leave_early(self, prompt: str, chosen: Json, *, after_parts: int) -> None:
        """Ask for a long streamed answer, and close the connection after some parts of it."""
        body = {"prompt": prompt, "max_tokens": 400, "temperature": 0, "stream": True, **chosen}
        with self.http.stream("POST", "/v1/completions", json=body) as reply:
            parts = (line for line in reply.iter_lines() if line.startswith("data: {"))
            for _ in range(after_parts):
                if next(parts, None) is None:
                    return


def meet(http: httpx.Client, layers: tuple[str, ...]) -> Server:
    """Find out how this server is told which layers answer.

    Raises:
        BusyError: no server answers there.
        NotFoundError: it does not know one of the layers.
        InvalidInputError: it is no server of layers.

    """
    listed = _read(http, "/v1/models")
    models = listed.get("data", []) if isinstance(listed, dict) else []
    names = [str(one.get("id")) for one in models if isinstance(one, dict)]
    known = _read(http, "/lora-adapters")
    adapters = known if isinstance(known, list) else []
    numbers = {_name(one): int(one["id"]) for one in adapters if "id" in one}
    bare = all(not one.get("scale") for one in adapters)
    if set(layers) <= set(names):
        others = [name for name in names if name not in layers]
        parents = [one.get("parent") for one in models if one.get("id") in layers]
        base = next((str(one) for one in parents if one), next(iter(others), None))
        if base is None:
            msg = "the server lists layers and no base; name them with --layers and leave it out"
            raise InvalidInputError(msg)
        return Server(http, base, numbers, blends=bool(numbers), bare_default=bare)
    if set(layers) <= set(numbers):
        return Server(http, None, numbers, blends=True, bare_default=bare)
    missing = sorted(set(layers) - set(names) - set(numbers))
    told = ", ".join(sorted({*names, *numbers})) or "none"
    msg = f"the server knows no layer {', '.join(missing)}; it lists: {told}"
    raise NotFoundError(msg)


def _name(adapter: Mapping[str, Any]) -> str:
    return str(adapter.get("name") or PurePath(str(adapter.get("path", ""))).stem)


def _read(http: httpx.Client, path: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        reply = http.get(path)
    except NO_ANSWER as error:
        msg = f"no server answers at {http.base_url} ({error}); check the address"
        raise BusyError(msg) from error
    if reply.status_code in (401, 403):
        msg = f"{http.base_url} wants a key; give it with --key"
        raise InvalidInputError(msg)
    try:
        return reply.json() if reply.is_success else None
    except json.JSONDecodeError:
        return None
