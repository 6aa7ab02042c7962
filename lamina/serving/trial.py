"""Tries one step with the served model in a child process, where this build may crash.

llama.cpp's AMX kernels, when compiled by a GCC before 13, load a half-written tile configuration:
the first step over more than one token then ends the process. The kernels are only used on
processors with AMX, so only there is the trial worth its time. If it fails, the server runs without
the processor's special weight layouts: slower prompts, same answers.
"""

import subprocess
import sys
from pathlib import Path

_TOKENS = 8
_TIMEOUT_S = 600


def special_layouts_work(model: Path) -> bool:
    """Whether a step with this model survives. True at once where there is nothing to fear."""
    from lamina.serving.llama import has_amx

    if not has_amx():
        return True
    command = [sys.executable, "-m", "lamina.serving.trial", str(model)]
    ended = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
    return ended.returncode >= 0  # negative: ended by a signal


def main(model: Path) -> None:
    """The child's part."""
    from lamina.serving.llama import ContextOptions, open_base, quiet

    quiet()
    with open_base(model, ContextOptions(n_ctx=256, n_slots=1, n_batch=_TOKENS)) as base:
        tokens = [1] * _TOKENS
        base.batch.add(tokens, position=0, slot=0, wanted_from=_TOKENS - 1)
        base.decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
