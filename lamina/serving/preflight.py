"""What this machine carries, asked before llama.cpp finds out by the kernel's hand.

Memory: llama.cpp fills what it reserves with zeros, so a context far too large would hold the
machine up for minutes, and then end without a sentence. AMX: llama.cpp's kernels for it, when
compiled by a GCC before 13, load a half-written tile configuration, and the first step over more
than one token ends the process. So, where the processor has AMX, one step is tried in a child
process first. If it fails, the server runs without the processor's special weight layouts: slower
prompts, same answers.
"""

import subprocess
import sys
from pathlib import Path

from lamina.errors import ResourceError
from lamina.serving.layers.adapter_file import BaseProfile

_F16_BYTES = 2
_MB = 1 << 20
_SMALL_MODEL_MB = 64
_TRIAL_TOKENS = 8
_TRIAL_S = 600


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


def is_worth_threads(model: Path) -> bool:
    """Whether a step is long enough to share: below it, threads wait for each other (measured)."""
    return model.stat().st_size >= _SMALL_MODEL_MB * _MB


def special_layouts_work(model: Path) -> bool:
    """Whether a step with this model survives. True at once where there is nothing to fear."""
    from lamina.serving.llama import has_amx

    if not has_amx():
        return True
    command = [sys.executable, "-m", "lamina.serving.preflight", str(model)]
    ended = subprocess.run(command, capture_output=True, timeout=_TRIAL_S, check=False)
    return ended.returncode >= 0  # negative: ended by a signal


def main(model: Path) -> None:
    """The child's part."""
    from lamina.serving.llama import ContextOptions, open_base, quiet

    quiet()
    with open_base(model, ContextOptions(n_ctx=256, n_slots=1, n_batch=_TRIAL_TOKENS)) as base:
        tokens = [1] * _TRIAL_TOKENS
        base.batch.add(tokens, position=0, slot=0, wanted_from=_TRIAL_TOKENS - 1)
        base.decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
