"""What the server tells about itself: Prometheus figures at /metrics, one log line a request."""

import json
import time
import uuid
from collections.abc import Iterator, MutableMapping
from typing import Any, TextIO

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from lamina.serving.engine.options import Counters
from lamina.serving.engine.sequence import Outcome
from lamina.serving.http.guard.limits import App, Receive, Scope, Send
from lamina.serving.http.replies import LAYERS_HEADER

_QUIET_PATHS = frozenset({"/health", "/ready", "/metrics"})  # probes would drown the rest
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
REQUEST_ID = b"x-request-id"


class Meters:
    """Figures of this process."""

    def __init__(self, counters: Counters) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_EngineFigures(counters))
        self._requests = Counter(
            "lamina_requests", "requests answered", ["path", "status"], registry=self.registry
        )
        self._prompt = Counter(
            "lamina_prompt_tokens", "prompt tokens, by origin", ["origin"], registry=self.registry
        )
        self._completion = Counter(
            "lamina_completion_tokens", "tokens generated", registry=self.registry
        )
        self._first = self._seconds("lamina_first_token_seconds", "from acceptance to first token")
        self._queued = self._seconds("lamina_queued_seconds", "from acceptance to a slot")
        self._total = self._seconds("lamina_sequence_seconds", "from acceptance to the end")

    def _seconds(self, name: str, text: str) -> Histogram:
        return Histogram(name, text, buckets=_SECONDS, registry=self.registry)

    def request(self, path: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(path, str(status)).inc()

    def sequence(self, outcome: Outcome) -> None:
        """Count a finished sequence."""
        self._prompt.labels("reused").inc(outcome.reused_tokens)
        self._prompt.labels("evaluated").inc(outcome.prompt_tokens - outcome.reused_tokens)
        self._completion.inc(outcome.completion_tokens)
        self._queued.observe(outcome.queued_ms / 1000)
        self._total.observe(outcome.total_ms / 1000)
        if outcome.completion_tokens:
            self._first.observe(outcome.first_token_ms / 1000)

    def router(self) -> APIRouter:
        """The route."""
        routes = APIRouter()

        @routes.get("/metrics")
        def metrics() -> Response:
            return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

        return routes


class _EngineFigures:
    """Reads the engine's own counters when somebody looks."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def collect(self) -> Iterator[Metric]:
        """Gauges and counters of the engine thread."""
        now = self._counters
        yield GaugeMetricFamily("lamina_running", "sequences in a slot", now.running)
        yield GaugeMetricFamily("lamina_waiting", "sequences without a slot", now.waiting)
        yield GaugeMetricFamily("lamina_resident_layers", "layers in memory", len(now.resident))
        yield GaugeMetricFamily("lamina_resident_bytes", "their size", now.resident_bytes)
        yield CounterMetricFamily("lamina_steps", "decode steps", now.steps)
        yield CounterMetricFamily("lamina_step_tokens", "tokens in those steps", now.step_tokens)
        yield CounterMetricFamily("lamina_decode_seconds", "inside llama.cpp", now.decode_s)
        yield CounterMetricFamily("lamina_swaps", "changes of the layer set", now.swaps)


class Observer:
    """Gives every request an id, counts it, and writes one line of JSON when it is over."""

    def __init__(self, app: App, meters: Meters, *, log: TextIO | None) -> None:
        self._app = app
        self._meters = meters
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and watch."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(REQUEST_ID, b"")[:64]
        number = given if given.isascii() and given else uuid.uuid4().hex[:16].encode()
        started_s = time.perf_counter()
        seen: dict[str, Any] = {"status": 500, "layers": None}

        async def watching(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                seen["status"] = message["status"]
                layers = headers.get(LAYERS_HEADER.lower().encode())
                seen["layers"] = layers.decode("latin-1") if layers else None
                message["headers"] = [*message["headers"], (REQUEST_ID, number)]
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            self._done(scope, seen, number.decode(), time.perf_counter() - started_s)

    def _done(self, scope: Scope, seen: dict[str, Any], number: str, seconds: float) -> None:
        route = scope.get("route")
        path = route.path if route is not None else "other"  # unknown paths must not add up
        self._meters.request(path, seen["status"])
        if self._log is None or path in _QUIET_PATHS:
            return
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "request": number,
            "method": scope["method"],
            "path": scope["path"],
            "ms": round(1000 * seconds, 1),
            **seen,
        }
        print(json.dumps(line), file=self._log, flush=True)
