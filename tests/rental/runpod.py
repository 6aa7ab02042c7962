"""A stand-in for RunPod's REST API, over real HTTP on loopback."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from loopback import listening

KEY = "rpa_PLANTED"
POD = "xedezhzb9la3ye"


@dataclass
class RunPodApi:
    """One pod; `refusals` are statuses that are answered first, a number below 100 is a silence."""

    state: str = "EXITED"
    price: object = "0.74"  # RunPod's own example has a text there
    gone: bool = False
    refusals: list[tuple[str, float, str]] = field(default_factory=list)  # verb, status, words
    requests: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def changes(self) -> list[str]:
        """What was asked but to look."""
        return [one for one in self.requests if one != "look"]

    @contextmanager
    def running(self) -> Iterator["RunPodApi"]:
        handler = type("Handler", (_Handler,), {"api": self})
        with listening(handler) as url:
            self.url = f"{url}/v1"
            yield self


class _Handler(BaseHTTPRequestHandler):
    api: RunPodApi

    def do_GET(self) -> None:
        self._answer("look", f"/v1/pods/{POD}")

    def do_POST(self) -> None:
        verb = self.path.rpartition("/")[2]
        self._answer(verb, f"/v1/pods/{POD}/{verb}")

    def _answer(self, verb: str, path: str) -> None:
        api = self.api
        api.requests.append(verb)
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._send(401, {"error": f"Unauthorized: {self.headers['Authorization']}"})
            return
        for planned in api.refusals:
            if planned[0] == verb:
                api.refusals.remove(planned)
                _, status, words = planned
                if status < 100:  # it does what it was asked to, and the answer is lost
                    self._change(verb)
                    time.sleep(status)
                    return
                self._send(int(status), {"error": words})
                return
        if api.gone or self.path != path:
            self._send(404, {"error": "pod not found"})
            return
        self._change(verb)
        self._send(200, {"id": POD, "desiredStatus": api.state, "costPerHr": api.price})

    def _change(self, verb: str) -> None:
        self.api.state = {"start": "RUNNING", "stop": "EXITED"}.get(verb, self.api.state)

    def _send(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
