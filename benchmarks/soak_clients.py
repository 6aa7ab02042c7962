"""Who soaks a server: clients that ask, leave and swap, and what they saw."""

import json
import queue
import random
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

NAMES = "ABCDEF"  # of the layers
BEGINNINGS = [" ".join(f"w{100 * one + number}" for number in range(90)) for one in range(4)]
EXPLAINED = ("was replaced before", "there is no", "no longer")  # a layer away in this moment
SCHEMA = {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 4}


@dataclass
class Tally:
    """What happened."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    sizes: list[tuple[float, int]] = field(default_factory=list)  # seconds, bytes
    waiting: "queue.Queue[tuple[dict[str, Any], str, list[dict[str, Any]]]]" = field(
        default_factory=lambda: queue.Queue(maxsize=200)
    )
    over: threading.Event = field(default_factory=threading.Event)


class Client(threading.Thread):
    """Asks one thing after another, until it is over."""

    def __init__(self, url: str, seed: int, tally: Tally) -> None:
        super().__init__(name=f"client-{seed}", daemon=True)
        self._http = httpx.Client(base_url=url, timeout=120, trust_env=False)
        self._random = random.Random(seed)
        self._tally = tally

    def run(self) -> None:
        """Until it is over; what nobody foresaw is a wrong answer."""
        doings = [self._asks] * 12 + [self._leaves] * 4 + [self._scores, self._shapes, self._swaps]
        while not self._tally.over.is_set():
            try:
                self._random.choice(doings)()
            except Exception as error:  # noqa: BLE001 - whatever it is, the soak has failed
                self._tally.wrong.append(f"{type(error).__name__}: {error}")

    def _body(self) -> dict[str, Any]:
        one = self._random
        layers = one.sample(NAMES, one.choice((0, 1, 1, 1, 2, 3)))
        model = "+".join(f"{name}:{one.choice((1, 2.5, -2))}" for name in layers) or "base"
        prompt = one.choice(BEGINNINGS)[: one.randrange(8, 400)] + f" w{one.randrange(900)}"
        return {
            "model": one.choice((model, model, model, "default")),
            "prompt": prompt,
            "temperature": 0,
            "max_tokens": one.randrange(1, 32),
            "ignore_eos": True,
            "stream": one.random() < 0.5,
        }

    def _asks(self) -> None:
        body = self._body()
        with self._http.stream("POST", "/v1/completions", json=body) as reply:
            reply.read()
            if self._fine(reply) and self._explained(reply.text, is_error='"error"' in reply.text):
                text, layers = _heard(reply.text, stream=body["stream"])
                self._tally.waiting.put((body, text, layers))

    def _leaves(self) -> None:
        """In the middle of an answer, or of a prompt."""
        body = {**self._body(), "stream": True, "max_tokens": 200}
        with self._http.stream("POST", "/v1/completions", json=body) as reply:
            if reply.status_code == 200:
                for _ in zip(range(self._random.randrange(6)), reply.iter_lines(), strict=False):
                    pass
        self._tally.counts["left in a stream"] += 1
        with suppress(httpx.TimeoutException):
            self._http.post("/v1/completions", json={**body, "stream": False}, timeout=0.02)
        self._tally.counts["left a whole answer"] += 1

    def _scores(self) -> None:
        ends = [f" w{self._random.randrange(900)} w1" for _ in range(5)]
        item = {"prompt": self._body()["prompt"], "candidates": ends}
        reply = self._http.post("/v1/score", json={"model": self._body()["model"], "items": [item]})
        if self._fine(reply):
            self._tally.counts["scored"] += 1

    def _shapes(self) -> None:
        shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
        messages = [{"role": "user", "content": self._body()["prompt"]}]
        body = {"model": "base", "messages": messages, "max_tokens": 60, "response_format": shape}
        reply = self._http.post("/v1/chat/completions", json=body)
        if self._fine(reply):
            choice = reply.json()["choices"][0]
            if choice["finish_reason"] == "stop":
                numbers = json.loads(choice["message"]["content"])
                if not numbers or not all(isinstance(one, int) for one in numbers):
                    self._tally.wrong.append(f"{numbers} is not what its schema asks for")
                self._tally.counts["held to a schema"] += 1

    def _swaps(self) -> None:
        order = [{"name": self._random.choice(NAMES), "scale": 2.5}]
        if self._fine(self._http.post("/lora-adapters", json=order)):
            self._tally.counts["default set"] += 1

    def _fine(self, reply: httpx.Response) -> bool:
        """Whether it was answered. A layer may be away or replaced in this moment: no more."""
        self._tally.counts[f"status {reply.status_code}"] += 1
        if reply.status_code == 200:
            return True
        return self._explained(reply.text, is_error=True)

    def _explained(self, said: str, *, is_error: bool) -> bool:
        """False for an error; one that this load does not explain is a wrong answer."""
        if is_error and not any(reason in said for reason in EXPLAINED):
            self._tally.wrong.append(said[:300])
        return not is_error


def _heard(text: str, *, stream: bool) -> tuple[str, list[dict[str, Any]]]:
    """The answer, and the layers that gave it."""
    if not stream:
        whole = json.loads(text)
        return whole["choices"][0]["text"], whole["lamina"]["layers"]
    parts = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    said = "".join(part["choices"][0]["text"] for part in parts)
    return said, parts[-1]["lamina"]["layers"]
