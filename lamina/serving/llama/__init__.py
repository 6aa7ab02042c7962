"""llama.cpp through its low-level API: the only part of the server that imports `llama_cpp`.

Everything here but `Vocabulary` belongs to the engine thread. What llama.cpp would answer with an
abort of the process (a damaged adapter, a wrong type) must be kept from it before: see
`adapter_file`.
"""

from lamina.serving.llama.constraints import Constraint, Constraints
from lamina.serving.llama.context import (
    Adapter,
    Base,
    Bytes,
    has_amx,
    open_base,
    quiet,
)
from lamina.serving.llama.interrupt import Interrupt
from lamina.serving.llama.options import ContextOptions
from lamina.serving.llama.sampler import Sampler, Sampling
from lamina.serving.llama.vocabulary import Vocabulary

__all__ = [
    "Adapter",
    "Base",
    "Bytes",
    "Constraint",
    "Constraints",
    "ContextOptions",
    "Interrupt",
    "Sampler",
    "Sampling",
    "Vocabulary",
    "has_amx",
    "open_base",
    "quiet",
]
