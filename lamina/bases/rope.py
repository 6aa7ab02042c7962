"""How a model stretches its rotary embedding, read back from what llama.cpp keeps of it."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.errors import DamagedError, InvalidInputError
from lamina.gguf import Header, read_f32

FACTORS = "rope_freqs.weight"
_TOLERANCE = 1e-3


def rope_scaling(header: Header, width: int, theta: float) -> dict[str, Any] | None:
    """`rope_scaling` of config.json; None where the embedding is plain.

    Raises:
        InvalidInputError: a way of stretching that is not known here.

    """
    architecture = header.text("general.architecture")
    if FACTORS in header.tensors:
        return _from_factors(header, width, theta)
    kind = header.text(f"{architecture}.rope.scaling.type") or "none"
    factor = header.number(f"{architecture}.rope.scaling.factor")
    length = header.number(f"{architecture}.rope.scaling.original_context_length")
    if kind == "none" or not factor:
        return None
    if kind == "linear":
        return {"rope_type": "linear", "factor": float(factor)}
    if kind == "yarn" and length:
        return {
            "rope_type": "yarn",
            "factor": float(factor),
            "original_max_position_embeddings": int(length),
        }
    msg = f"{header.path.name} stretches positions by {kind}, which is not known here"
    raise InvalidInputError(msg)


def _from_factors(header: Header, width: int, theta: float) -> dict[str, Any]:
    """Llama 3's way. The file holds its factors; what they were computed from is found again."""
    raw = read_f32(header, FACTORS)
    held = np.frombuffer(raw or b"", "<f4")
    if len(held) != width // 2 or not np.isfinite(held).all():
        msg = f"{header.path.name} cannot be taken as a base (its {FACTORS} is odd)"
        raise DamagedError(msg)
    factor = float(held.max())
    for length in (8192, 4096, 16384, 32768, 2048, 1024):
        for low, high in ((1.0, 4.0), (1.0, 2.0), (1.0, 8.0), (2.0, 4.0)):
            expected = _factors(width, theta, factor, low, high, length)
            if np.allclose(expected, held, rtol=_TOLERANCE):
                return {
                    "rope_type": "llama3",
                    "factor": factor,
                    "low_freq_factor": low,
                    "high_freq_factor": high,
                    "original_max_position_embeddings": length,
                }
    msg = f"{header.path.name} stretches positions in a way that is not known here"
    raise InvalidInputError(msg)


def _factors(  # noqa: PLR0913, PLR0917 - the formula's own
    width: int, theta: float, factor: float, low: float, high: float, length: int
) -> NDArray[np.float64]:
    """As llama.cpp's converter computes them from Llama 3's configuration."""
    waves = 2 * math.pi * theta ** (np.arange(0, width, 2) / width)
    smooth = (length / waves - low) / (high - low)
    between = 1 / ((1 - smooth) / factor + smooth)
    return np.where(waves < length / high, 1.0, np.where(waves > length / low, factor, between))
