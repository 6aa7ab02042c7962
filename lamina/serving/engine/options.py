"""What the engine and its loop share: options, counters, and what the loop asks of its owner."""

from dataclasses import dataclass, field
from typing import Protocol

from lamina.serving.llama import ContextOptions


@dataclass(frozen=True)
class EngineOptions:
    """How the engine shares its time and memory."""

    context: ContextOptions = field(default_factory=ContextOptions)
    slice_s: float = 0.1  # turn of one layer set while others wait; less = fairer, more switches
    prefill_stall_s: float = 0.25  # longest pause that a prompt may cause to running answers
    adapter_bytes: int | None = None  # memory for layers; None: no limit
    queue_limit: int = 256  # sequences that may wait


@dataclass
class Counters:
    """What the engine did since it started. Written by its thread, read by anyone."""

    steps: int = 0
    step_tokens: int = 0
    decode_s: float = 0.0  # inside llama.cpp
    swaps: int = 0
    reused_tokens: int = 0
    waiting: int = 0
    running: int = 0
    resident: frozenset[str] = frozenset()
    resident_bytes: int = 0


class Owner(Protocol):
    """What the loop asks of the engine around it."""

    @property
    def pinned(self) -> frozenset[str]:
        """Digests of layers that stay loaded."""

    def finished(self, count: int = 1) -> None:
        """So many accepted sequences are over."""
