"""Whether the KV of all slots fits the memory, asked before llama.cpp reserves it.

llama.cpp fills what it reserves with zeros: a context far too large would hold the machine up for
minutes, and then end by the kernel's hand instead of in a sentence.
"""

from pathlib import Path

from lamina.errors import ResourceError
from lamina.serving.layers.adapter_file import BaseProfile

_F16_BYTES = 2


def kv_bytes(base: BaseProfile) -> int:
    """KV of one token in float16: what the k and v projections of all blocks give out.

    0 for architectures that name them otherwise.
    """
    ends = (".attn_k.weight", ".attn_v.weight")
    return sum(_F16_BYTES * shape[1] for name, shape in base.shapes.items() if name.endswith(ends))


def check_room(base: BaseProfile, n_ctx: int, n_slots: int, available: int | None) -> None:
    """Refuse a context that the memory cannot hold; `available` is in bytes, None = unknown.

    Raises:
        ResourceError: it does not fit.

    """
    wanted = kv_bytes(base) * n_ctx * n_slots
    if available is not None and wanted > available:
        msg = (
            f"{n_slots} requests of {n_ctx} tokens need {wanted / 1e9:.1f} GB of memory and "
            f"{available / 1e9:.1f} GB are free; start with a smaller --n_ctx or --n_parallel"
        )
        raise ResourceError(msg)


def available_bytes(table: Path = Path("/proc/meminfo")) -> int | None:
    """Memory that processes may still take; None where the system does not say."""
    try:
        lines = table.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = (line.split() for line in lines if line.startswith("MemAvailable:"))
    return next((1024 * int(words[1]) for words in found), None)
