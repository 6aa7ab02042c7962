"""Cutting a step short: a flag at which llama.cpp looks between two operations of a step."""

import ctypes
from typing import Any

import llama_cpp as lc


class Interrupt:
    """Raised by any thread, seen by the one that evaluates; that step then fails with `CUT`.

    llama.cpp asks a function of C, some thousand times a step. Written in Python it would take the
    GIL each time, so it is one that C has: `strlen` over two bytes gives 0 or 1, false or true.
    """

    CUT = 2  # llama_decode's code; what it evaluated in this step is forgotten

    def __init__(self) -> None:
        self._flag = (ctypes.c_char * 2)()
        self._asks = ctypes.cast(ctypes.CDLL(None).strlen, lc.ggml_abort_callback)

    def watch(self, context: Any) -> None:  # noqa: ANN401 - llama_context_p
        """Have this context's steps look at the flag; it must not outlive this object."""
        flag = ctypes.cast(self._flag, ctypes.c_void_p)
        lc.llama_set_abort_callback(context, self._asks, flag)

    @property
    def is_raised(self) -> bool:
        """Whether steps are cut."""
        return bool(self._flag.value)

    def raise_flag(self) -> None:
        """Cut the step that is being evaluated, and all that follow."""
        self._flag[0] = b"\1"

    def lower_flag(self) -> None:
        """Steps are whole again."""
        self._flag[0] = b"\0"
