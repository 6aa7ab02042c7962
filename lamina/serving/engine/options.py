"""What an engine is told when it starts."""

from dataclasses import dataclass, field

from lamina.serving.engine.warm import WarmOptions
from lamina.serving.llama import ContextOptions


@dataclass(frozen=True)
class EngineOptions:
    """How the engine shares its time and memory."""

    context: ContextOptions = field(default_factory=ContextOptions)
    slice_s: float = 0.1  # turn of one layer set while others wait; less = fairer, more switches
    prefill_stall_s: float = 0.25  # longest pause that a prompt may cause to running answers
    adapter_bytes: int | None = None  # memory for layers; None: no limit
    queue_limit: int = 256  # sequences that may wait
    warm: WarmOptions = field(default_factory=WarmOptions)  # what lost its slot: kept for later
