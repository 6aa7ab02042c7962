"""The tokens of one decode step, as llama.cpp takes them."""

import ctypes
from collections.abc import Sequence
from typing import Any

import llama_cpp as lc
import numpy as np
import numpy.typing as npt


class Batch:
    """The tokens of one decode step, in buffers that live as long as the batch."""

    def __init__(self, room: int, n_slots: int) -> None:
        self.tokens = np.zeros(room, np.int32)
        self.positions = np.zeros(room, np.int32)
        self.slots = np.zeros(room, np.int32)  # the first of those that share a token
        self.wanted = np.zeros(room, np.int8)
        self.size = 0
        self._numbers = np.arange(n_slots, dtype=np.int32)
        self._first_number = self._numbers.ctypes.data
        self._counts = np.ones(room, np.int32)  # slots that share a token
        self._pointers = np.zeros(room, np.uintp)  # to the first of them, in `_numbers`
        self._native = lc.llama_batch()
        self._native.token = _pointer(self.tokens, ctypes.c_int32)
        self._native.pos = _pointer(self.positions, ctypes.c_int32)
        self._native.n_seq_id = _pointer(self._counts, ctypes.c_int32)
        self._native.seq_id = _pointer(self._pointers, ctypes.POINTER(ctypes.c_int32))
        self._native.logits = _pointer(self.wanted, ctypes.c_int8)

    def clear(self) -> None:
        """Begin a new step."""
        self.size = 0

    def add(
        self,
        tokens: Sequence[int],
        *,
        position: int,
        slot: int,
        wanted_from: int,
        shared_by: int = 1,
    ) -> int:
        """Append tokens of one sequence; logits are kept from index `wanted_from` on.

        `shared_by` slots from `slot` on have them in common: only where all share one KV. Returns
        the batch index of the first token.
        """
        begin, end = self.size, self.size + len(tokens)
        self.tokens[begin:end] = tokens
        self.positions[begin:end] = np.arange(position, position + len(tokens))
        self.slots[begin:end] = slot
        self._counts[begin:end] = shared_by
        self._pointers[begin:end] = self._first_number + slot * self._numbers.itemsize
        self.wanted[begin:end] = 0
        self.wanted[begin + wanted_from : end] = 1
        self.size = end
        return begin

    def native(self) -> Any:  # noqa: ANN401 - llama_batch
        """As llama.cpp takes it."""
        self._native.n_tokens = self.size
        return self._native


def _pointer(array: npt.NDArray[Any], kind: Any) -> Any:  # noqa: ANN401 - ctypes
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))
