"""What the server counts, as Prometheus reads it at /metrics."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from lamina.serving.engine.sequence import Outcome
from lamina.serving.engine.step import Counters
from lamina.serving.layers.residency import Memory

_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Meters:
    """Figures of this process."""

    def __init__(self, counters: Counters, memory: Memory) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_EngineFigures(counters, memory))
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

    def page(self) -> bytes:
        """All figures, as Prometheus reads them."""
        return generate_latest(self.registry)


class _EngineFigures:
    """Reads the engine's own counters when somebody looks."""

    def __init__(self, counters: Counters, memory: Memory) -> None:
        self._counters = counters
        self._memory = memory

    def collect(self) -> Iterator[Metric]:
        """Gauges and counters of the engine thread."""
        now, memory = self._counters, self._memory
        yield GaugeMetricFamily("lamina_running", "sequences in a slot", now.running)
        yield GaugeMetricFamily("lamina_waiting", "sequences without a slot", now.waiting)
        yield GaugeMetricFamily("lamina_resident_layers", "layers in memory", len(memory.loaded))
        yield GaugeMetricFamily("lamina_resident_bytes", "their size", memory.loaded_bytes)
        yield CounterMetricFamily("lamina_steps", "decode steps", now.steps)
        yield CounterMetricFamily("lamina_step_tokens", "tokens in those steps", now.step_tokens)
        yield CounterMetricFamily("lamina_decode_seconds", "inside llama.cpp", now.decode_s)
        yield CounterMetricFamily("lamina_swaps", "changes of the layer set", now.swaps)
        warm = now.warm
        yield GaugeMetricFamily("lamina_warm_prompts", "beginnings kept without a slot", warm.kept)
        yield GaugeMetricFamily("lamina_warm_bytes", "of memory that they take", warm.memory_bytes)
        yield GaugeMetricFamily("lamina_warm_disk_bytes", "of disk", warm.disk_bytes)
        for name, text, value in (
            ("saved", "beginnings copied from a slot", warm.saved),
            ("restored", "beginnings copied back", warm.restored),
            ("restored_tokens", "prompt tokens not evaluated again", warm.restored_tokens),
            ("dropped", "beginnings that had to make room", warm.dropped),
            ("damaged", "beginnings that were not what was saved", warm.damaged),
            ("copy_seconds", "of the engine's time that copies took", warm.copying_s),
        ):
            yield CounterMetricFamily(f"lamina_warm_{name}", text, value)
