"""A real HTTP server on loopback that answers from a table: Lamina's API without a model."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from loopback import listening

BASE = ""


@dataclass
class FakeLayerServer:
    """`answers[layers joined with +][question]`; what is not in the table is answered 'unknown'."""

    layers: dict[str, str]  # name -> digest
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)  # nats per token, by layers
    found: dict[str, str] = field(default_factory=dict)  # who answers `auto`, by question
    api_key: str | None = None
    base: str = "b" * 64
    default: dict[str, float] = field(default_factory=dict)
    liar: bool = False  # says that the base answered, whoever did
    company: int = 1  # a question is answered once so many are in flight, or after a minute
    slots: int = 1
    refusals: dict[str, list[int]] = field(default_factory=dict)  # words: statuses, one a request
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    url: str = ""
    lock: threading.Condition = field(default_factory=threading.Condition)

    def asked(self, path: str) -> list[dict[str, Any]]:
        return [body for where, body in self.requests if where == path]

    def chosen(self, model: str) -> dict[str, float]:
        if model == "default":
            return dict(self.default)
        if model == "base":
            return {}
        parts = (part.partition(":") for part in model.split("+"))
        return {name: float(scale or 1) for name, _, scale in parts}

    def said(self, chosen: dict[str, float]) -> dict[str, Any]:
        shown = {} if self.liar else chosen
        return {"layers": [{"name": name, "scale": scale} for name, scale in shown.items()]}

    @contextmanager
    def running(self) -> Iterator["FakeLayerServer"]:
        handler = type("Handler", (_Handler,), {"fake": self})
        with listening(handler) as self.url:
            yield self


class _Handler(BaseHTTPRequestHandler):
    fake: FakeLayerServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: no waiting for delayed acknowledgements

    def _refuses(self) -> bool:
        key = self.fake.api_key
        if refused := bool(key) and self.headers.get("Authorization") != f"Bearer {key}":
            self._send({"error": {"message": "wrong key"}}, 401)
        return refused

    def do_GET(self) -> None:
        fake = self.fake
        if self._refuses():
            return
        match self.path:
            case "/lora-adapters":
                self._send(
                    [
                        {"id": number, "name": name, "path": f"/layers/{name}.gguf",
                         "digest": digest, "scale": fake.default.get(name, 0.0)}
                        for number, (name, digest) in enumerate(fake.layers.items())
                    ]
                )  # fmt: skip
            case "/v1/models":
                base = {"name": "tiny", "digest": fake.base, "slots": fake.slots}
                default = fake.said(fake.default)
                models = [{"id": "base", "lamina": base}, {"id": "default", "lamina": default}]
                models += [{"id": "auto", "root": "auto"}] if fake.found else []
                self._send({"data": models})
            case "/health" | "/ready":
                self._send({"status": "ok"})
            case _:
                self._send({"error": {"message": "no such path"}}, 404)

    def do_POST(self) -> None:
        fake = self.fake
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._refuses():
            return
        with fake.lock:
            fake.requests.append((self.path, body))
            fake.in_flight += 1
            fake.most_in_flight = max(fake.most_in_flight, fake.in_flight)
            fake.lock.notify_all()
            if self.path != "/lora-adapters":
                fake.lock.wait_for(lambda: fake.most_in_flight >= fake.company, timeout=60)
        try:
            self._answer(body)
        finally:
            with fake.lock:
                fake.in_flight -= 1

    def _answer(self, body: dict[str, Any]) -> None:
        fake = self.fake
        if self.path == "/lora-adapters":
            fake.default = {part["name"]: part["scale"] for part in body["adapters"]}
            self._send({"success": True})
            return
        if status := self._refusal(body):
            self._send({"error": {"message": "not now"}}, status)
            return
        model = body["model"]
        if model == "auto":
            model = fake.found.get(body["messages"][-1]["content"], "base")
        chosen = fake.chosen(model)
        unknown = [name for name in chosen if name not in fake.layers]
        if unknown:
            self._send({"error": {"message": f"no layer {unknown[0]}"}}, 404)
        elif self.path == "/v1/score":
            self._score(body, chosen)
        else:
            self._chat(body, chosen)

    def _refusal(self, body: dict[str, Any]) -> int | None:
        """The status that was planned for a request with these words; each counts once."""
        with self.fake.lock:
            for words, statuses in self.fake.refusals.items():
                if statuses and words in json.dumps(body):
                    return statuses.pop(0)
        return None

    def _score(self, body: dict[str, Any], chosen: dict[str, float]) -> None:
        loss = self.fake.losses.get("+".join(chosen), 3.0)
        known = self.fake.answers.get("+".join(chosen), {})

        def score(text: str, *, sure: bool = False) -> dict[str, Any]:
            """An answer that this layer would give costs one nat a word."""
            count = len(text.split())
            return {"logprob": -(1.0 if sure else loss) * count, "n_tokens": count}

        results = [
            {
                "candidates": [
                    score(text, sure=known.get(item["messages"][-1]["content"]) == text)
                    for text in item["candidates"]
                ]
            }
            if "candidates" in item
            else score(item["text"])
            for item in body["items"]
        ]
        self._send({"data": results, "lamina": self.fake.said(chosen)})

    def _chat(self, body: dict[str, Any], chosen: dict[str, float]) -> None:
        question = body["messages"][-1]["content"]
        text = self.fake.answers.get("+".join(chosen), {}).get(question, "unknown")
        words = [word + " " for word in text.split(" ")]
        words[-1] = words[-1].rstrip()
        events: list[dict[str, Any]] = [{"choices": [{"delta": {"role": "assistant"}}]}]
        events += [{"choices": [{"delta": {"content": word}}]} for word in words]
        events.append(
            {
                "choices": [{"delta": {}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 7, "completion_tokens": len(words)},
                "lamina": self.fake.said(chosen),
            }
        )
        lines = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        layers = ",".join(
            f"{name}:{scale:g}@{self.fake.layers[name][:12]}" for name, scale in chosen.items()
        )
        self._reply(lines.encode(), "text/event-stream", 200, layers or "base")

    def _send(self, body: object, status: int = 200) -> None:
        self._reply(json.dumps(body).encode(), "application/json", status)

    def _reply(self, content: bytes, kind: str, status: int, layers: str = "") -> None:
        self.send_response(status)
        if layers:
            self.send_header("X-Lamina-Layers", layers)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
