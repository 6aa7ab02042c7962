"""Asks a running Lamina server over HTTP, and times what it answers.

What it does not cover: starting a server (that is `lamina serve`), and grading. Every answer is
checked against what the server says did answer, so a default blend that somebody else changes in
the middle of a run is an error, never a wrong figure.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

import httpx

from lamina.assessment.asking.refusals import refused, unreachable
from lamina.assessment.asking.replies import (
    LAYERS_HEADER,
    Heard,
    KnownLayer,
    Score,
    ServedBase,
    finds_layers,
    found_by,
    known_layers,
    scored,
    scored_together,
    served_base,
    was_answered_by,
)
from lamina.assessment.exam.asked import Choose, Read
from lamina.assessment.exam.blend import AUTO, Blend
from lamina.assessment.exam.sampling import Sampling
from lamina.errors import NotFoundError
from lamina.layer_server import NO_ANSWER, client

Via: TypeAlias = Literal["adapters", "model"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as it arrived; times are from sending the request."""

    text: str
    first_token_s: float  # to the first text
    total_s: float  # to the end
    n_prompt_tokens: int
    n_tokens: int  # generated
    finish: str  # "stop", "length", ...

    def value(self, in_flight: int) -> dict[str, Any]:
        """As a cell keeps it, measured beside so many requests in flight."""
        return {**asdict(self), "in_flight": in_flight}


class Client:
    """One server. Its methods may be called from several threads at once.

    Every method raises, beside what it says itself:
        NotFoundError: no server answers at the address, or it knows no such layer.
        BusyError: the server did not answer in time, or turned the request away for now.
        InvalidInputError: the server wants another API key, or refused the request.
        LaminaError: the server failed.
    """

    def __init__(self, url: str, api_key: str | None = None, timeout_s: float = 600.0) -> None:
        self.url = url.rstrip("/")
        self._http = client(self.url, api_key, timeout=httpx.Timeout(timeout_s, connect=5.0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def layers(self) -> tuple[KnownLayer, ...]:
        """Every layer that the server knows, with its share in the default blend."""
        return known_layers(self._json("GET", "/lora-adapters"))

    def base(self) -> ServedBase:
        """Which base the server runs, and how many requests it runs at the same time.

        Raises:
            MismatchError: the server does not say which base it is.

        """
        return served_base(self._json("GET", "/v1/models"), self.url)

    def finds(self) -> bool:
        """Whether the server finds the layer for a question, where it is asked to."""
        return finds_layers(self._json("GET", "/v1/models"))

    def set_default(self, blend: Blend) -> None:
        """Make a blend what the model `default` means, for everybody who asks this server."""
        adapters = [{"name": layer, "scale": scale} for layer, scale in blend.parts]
        self._json("POST", "/lora-adapters", {"adapters": adapters})

    def ask(self, question: str, blend: Blend, sampling: Sampling, via: Via = "model") -> Answer:
        """Ask one question and listen to the end.

        With `via="adapters"` the blend must already be the server's default (`set_default`).

        Raises:
            MismatchError: the server says that other layers answered.

        """
        system = [{"role": "system", "content": sampling.system}] if sampling.system else []
        body = {
            "model": _model(blend, via),
            "messages": [*system, {"role": "user", "content": question}],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "seed": sampling.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        heard = Heard()
        started_s = time.perf_counter()
        for event in self._events("/v1/chat/completions", body):
            heard.take(event, time.perf_counter() - started_s)
        total_s = time.perf_counter() - started_s
        was_answered_by(heard.layers, blend, self.url)
        return Answer(
            text="".join(heard.pieces),
            first_token_s=round(total_s if heard.first_s is None else heard.first_s, 6),
            total_s=round(total_s, 6),
            n_prompt_tokens=heard.n_prompt_tokens,
            n_tokens=heard.n_tokens,
            finish=heard.finish,
        )

    def find(self, question: str) -> Blend:
        """Whom the server finds for a question; it says so before it begins to answer.

        Raises:
            MismatchError: the server does not say whom.

        """
        messages = [{"role": "user", "content": question}]
        body = {"model": AUTO, "messages": messages, "max_tokens": 1, "stream": True}
        with self._stream("/v1/chat/completions", body) as response:
            return found_by(response.headers.get(LAYERS_HEADER), self.url)

    def score(self, texts: Sequence[Read], blend: Blend, via: Via = "model") -> list[Score]:
        """Log-probability in nats and number of tokens of each text.

        A text without a question is scored from its beginning, or after what is given before it;
        with one, as the answer to it in the chat's form.

        Raises:
            MismatchError: the server says that other layers did the scoring.

        """
        items = [_item(one) for one in texts]
        reply = self._json("POST", "/v1/score", {"model": _model(blend, via), "items": items})
        was_answered_by(reply.get("lamina"), blend, self.url)
        return scored(reply, len(texts))

    def choose(
        self, choices: Sequence[Choose], blend: Blend, via: Via = "model"
    ) -> list[list[Score]]:
        """Log-probability in nats and number of tokens of every answer of each choice.

        The question is evaluated once for all of its answers.

        Raises:
            MismatchError: the server says that other layers did the scoring.

        """
        items = [
            {"messages": [{"role": "user", "content": one.question}], "candidates": one.answers}
            for one in choices
        ]
        reply = self._json("POST", "/v1/score", {"model": _model(blend, via), "items": items})
        was_answered_by(reply.get("lamina"), blend, self.url)
        return scored_together(reply, [len(one.answers) for one in choices])

    def _json(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, json=body)
        except NO_ANSWER as error:
            raise unreachable(error, self.url) from error
        if response.is_error:
            raise refused(response, self.url)
        try:
            reply = response.json()
        except ValueError as broken:
            msg = f"{self.url}{path} does not answer like a Lamina server; check the address"
            raise NotFoundError(msg) from broken
        return reply if isinstance(reply, dict) else {"data": reply}

    def _events(self, path: str, body: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """The stream's events (server-sent events, each a JSON object after `data: `)."""
        with self._stream(path, body) as response:
            for line in response.iter_lines():
                data = line.removeprefix("data:").strip()
                if line.startswith("data:") and data != "[DONE]":
                    yield json.loads(data)

    @contextmanager
    def _stream(self, path: str, body: Mapping[str, object]) -> Iterator[httpx.Response]:
        """A response whose body is still to come; leaving before its end tells the server so."""
        try:
            with self._http.stream("POST", path, json=body) as response:
                if response.is_error:
                    response.read()
                    raise refused(response, self.url)
                yield response
        except NO_ANSWER as error:
            raise unreachable(error, self.url) from error


def _item(read: Read) -> dict[str, object]:
    if read.question is not None:
        return {"messages": [{"role": "user", "content": read.question}], "text": read.text}
    return {"text": read.text, "given": read.given} if read.given else {"text": read.text}


def _model(blend: Blend, via: Via) -> str:
    return "default" if via == "adapters" else blend.name
