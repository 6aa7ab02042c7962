"""A slot's KV as bytes, which any slot can be given back: the same bits."""

import ctypes
from typing import Any

import llama_cpp as lc
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


def size_of(context: Any, slot: int) -> int:  # noqa: ANN401 - llama_context_p
    """Bytes that a slot's state takes."""
    return int(lc.llama_state_seq_get_size(context, slot))


def taken(context: Any, slot: int, size: int) -> Bytes:  # noqa: ANN401 - llama_context_p
    """A slot's state; `size` is what `size_of` said. Empty where llama.cpp does not give it."""
    state = np.empty(size, np.uint8)
    written = int(lc.llama_state_seq_get_data(context, _pointer(state), size, slot))
    return state[:written]


def put_back(context: Any, slot: int, state: Bytes) -> bool:  # noqa: ANN401 - llama_context_p
    """Give an empty slot this state; False where llama.cpp does not take it."""
    return bool(lc.llama_state_seq_set_data(context, _pointer(state), state.size, slot))


def _pointer(state: Bytes) -> Any:  # noqa: ANN401 - ctypes
    return ctypes.cast(state.ctypes.data, ctypes.POINTER(ctypes.c_uint8))
