"""What this machine carries, asked before llama.cpp finds out by the kernel's hand.

Memory: llama.cpp fills what it reserves with zeros, so a context far too large would hold the
machine up for minutes, and then end without a sentence. AMX: llama.cpp's kernels for it end the
process where GCC 12 compiled them as they are (scripts/llama.cmake), and nobody knows what a
ready-made wheel holds. So, where the processor has AMX, steps are tried in a child process first,
with and without the processor's special weight layouts. If it dies, or the two do not say the same,
the server runs without them: slower prompts, right answers.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lamina.cgroups import ControlGroups
from lamina.errors import InvalidInputError, ResourceError, size
from lamina.serving.layers.adapter_file import BaseProfile

if TYPE_CHECKING:  # llama.cpp is not loaded for this
    import numpy as np
    import numpy.typing as npt

    from lamina.serving.llama import ContextOptions

_F32_BYTES = 4
_KV_BYTES = {"f16": 2.0, "q8_0": 34 / 32}  # of one value; q8_0: 32 of them and a float16 scale
_Q8_BLOCK = 32
_MB = 1 << 20
_SMALL_MODEL_MB = 64
_MOST_WARM_MB = 8192
_TRIAL_TOKENS = 40  # whole tiles of 32 and a rest
_TRIAL_S = 600
_LEAST_LIKENESS = 0.98  # cosine of logits: rounding leaves 0.999, a wrong tile nothing
_DIFFERS = 3  # the child's exit code


@dataclass(frozen=True)
class Needs:
    """Memory that a base takes, in bytes, before a layer is loaded."""

    weights: int
    kv: int
    step: int

    @property
    def total(self) -> int:
        """All of it at once."""
        return self.weights + self.kv + self.step


def needs(base: BaseProfile, context: "ContextOptions") -> Needs:
    """What this base will take in such a context.

    Weights count once: the kernel takes back the file's pages of those that are laid out anew.
    """
    tokens = context.n_ctx * context.n_slots
    return Needs(
        base.path.stat().st_size,
        kv_bytes(base, context.kv_type) * tokens,
        step_bytes(base, context),
    )


def kv_bytes(base: BaseProfile, kv_type: str = "f16") -> int:
    """KV of one token: what the k and v projections of all blocks give out.

    0 for architectures that name them otherwise.
    """
    ends = (".attn_k.weight", ".attn_v.weight")
    values = sum(shape[1] for name, shape in base.shapes.items() if name.endswith(ends))
    return int(_KV_BYTES[kv_type] * values)


def check_kv_type(base: BaseProfile, kv_type: str) -> None:
    """Whether this base's KV can be kept so: llama.cpp would only say that it failed.

    Raises:
        InvalidInputError: q8_0's blocks of 32 do not divide an attention head.

    """
    _, width = base.shapes.get("blk.0.attn_q.weight", (0, 0))
    head = width // base.n_heads if base.n_heads else 0
    if kv_type == "q8_0" and head % _Q8_BLOCK:
        msg = f"{base.path.name} has heads of {head} values, which q8_0 cannot hold; take f16"
        raise InvalidInputError(msg)


def step_bytes(base: BaseProfile, context: "ContextOptions") -> int:
    """What llama.cpp reserves for one step, within a twentieth (docs/experiments.md).

    The largest of what it holds at the same time: attention's weights, a block's inner layer, or
    the logits; each with some rows of the embedding's length.
    """
    width, n_vocab = base.shapes.get("token_embd.weight", (0, 0))
    inner = max(
        (shape[1] for name, shape in base.shapes.items() if name.endswith("ffn_up.weight")),
        default=0,
    )
    attention = (
        0
        if context.flash_attn or context.kv_type != "f16"
        else context.n_ctx * (base.n_heads + 1) + 6 * width
    )
    floats = max(attention, 2 * inner + 8 * width, n_vocab + 2 * width)
    return _F32_BYTES * context.n_batch * floats


def check_room(base: BaseProfile, context: "ContextOptions", available: int | None) -> None:
    """Refuse a base or a context that the memory cannot hold; bytes available, None = unknown.

    Raises:
        ResourceError: it does not fit.

    """
    wanted = needs(base, context)
    if available is None or wanted.total <= available:
        return
    parts = f"weights {size(wanted.weights)}, {context.n_slots} requests of {context.n_ctx} tokens"
    remedy = "start with a smaller --n_ctx or --n_parallel"
    if wanted.weights > available:
        remedy = "take a smaller quantization, or a machine with more"
    msg = (
        f"{base.path.name} needs {size(wanted.total)} of memory ({parts} {size(wanted.kv)}, a step "
        f"{size(wanted.step)}) and {size(available)} are free here; {remedy}"
    )
    raise ResourceError(msg)


def warm_bytes(base: BaseProfile, context: "ContextOptions", available: int | None) -> int:
    """Memory for beginnings that lose their slot: a quarter of what the base leaves free.

    The rest is for layers and for others. 0 where nobody knows what is free.
    """
    free = (available or 0) - needs(base, context).total
    return min(max(free, 0) // 4, _MOST_WARM_MB * _MB)


def available_bytes(
    table: Path = Path("/proc/meminfo"), groups: ControlGroups | None = None
) -> int | None:
    """Memory that this process may still take, of the machine and of its container.

    None where neither says.
    """
    try:
        lines = table.read_text(encoding="ascii").splitlines()
    except OSError:
        lines = []
    found = [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    limit = (groups or ControlGroups()).free_bytes()
    return min([*found, *([] if limit is None else [limit])], default=None)


def is_worth_threads(model: Path) -> bool:
    """Whether a step is long enough to share: below it, threads wait for each other (measured)."""
    return model.stat().st_size >= _SMALL_MODEL_MB * _MB


def special_layouts_work(model: Path) -> bool:
    """Whether steps with AMX's layouts survive and are right, tried in a child process."""
    command = [sys.executable, "-m", "lamina.serving.preflight", str(model)]
    ended = subprocess.run(command, capture_output=True, timeout=_TRIAL_S, check=False)
    return ended.returncode >= 0 and ended.returncode != _DIFFERS  # negative: ended by a signal


def main(model: Path) -> int:
    """The child's part: the exit code."""
    from lamina.serving.llama import quiet

    quiet()
    special, plain = (_logits(model, special=special) for special in (True, False))
    return 0 if alike(special, plain) else _DIFFERS


def _logits(model: Path, *, special: bool) -> "npt.NDArray[np.float32]":
    """After a step of many tokens, and after one of a single token; shape (2, n_vocab)."""
    import numpy as np

    from lamina.serving.llama import ContextOptions, open_base

    options = ContextOptions(256, n_slots=1, n_batch=_TRIAL_TOKENS, special_layouts=special)
    with open_base(model, options) as base:
        tokens = [number % base.vocabulary.size for number in range(1, _TRIAL_TOKENS + 1)]
        many = base.evaluate(tokens, position=0)
        return np.stack([many, base.evaluate(tokens[:1], position=_TRIAL_TOKENS)])


def alike(one: "npt.NDArray[np.float32]", two: "npt.NDArray[np.float32]") -> bool:
    """Whether each row of logits is the other's but for rounding; what is no number is not."""
    import numpy as np

    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(two, axis=-1)
    return bool((np.sum(one * two, axis=-1) > _LEAST_LIKENESS * lengths).all())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
