"""A loaded base, its context and its layers."""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NewType

import llama_cpp as lc
import numpy as np
import numpy.typing as npt

from lamina.errors import DamagedError, ResourceError
from lamina.serving.llama.batch import Batch
from lamina.serving.llama.interrupt import Interrupt
from lamina.serving.llama.options import ContextOptions, context_params
from lamina.serving.llama.vocabulary import Vocabulary

Adapter = NewType("Adapter", int)  # a native handle: an address
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Tokens = Sequence[int]


def _drop(_level: int, _text: bytes, _user_data: object) -> None:
    """Drop llama.cpp's own log: what matters is raised."""


_silence = lc.llama_log_callback(_drop)  # kept: llama.cpp calls it as long as the process lives


def quiet() -> None:
    """Keep llama.cpp from writing to standard error."""
    lc.llama_log_set(_silence, ctypes.c_void_p(0))


def has_amx() -> bool:
    """Whether this build would use the processor's AMX units."""
    return b"AMX_INT8 = 1" in bytes(lc.llama_print_system_info())


class Base:
    """A loaded base with its context and layers. One thread only."""

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - llama_model_p
        context: Any,  # noqa: ANN401 - llama_context_p
        options: ContextOptions,
        interrupt: Interrupt,
    ) -> None:
        self._model = model
        self._context = context
        self._memory = lc.llama_get_memory(context)
        self._adapters: set[Adapter] = set()
        self._applied: tuple[tuple[Adapter, float], ...] = ()
        self._beside: list[Base] = []  # contexts of their own over the same weights
        self.options = options
        self.n_ctx = int(lc.llama_n_ctx_seq(context))
        self.n_train = int(lc.llama_model_n_ctx_train(model))
        # What such a model knows of the tokens before is one state a sequence: none can share it,
        # and a step that was cut short cannot be taken back.
        self.can_branch = not (
            lc.llama_model_is_recurrent(model) or lc.llama_model_is_hybrid(model)
        )
        self._interrupt = interrupt
        if self.can_branch:
            interrupt.watch(context)
        self.vocabulary = Vocabulary(model)
        self._row = ctypes.c_float * self.vocabulary.size
        self.batch = Batch(options.n_batch, options.n_slots)

    # -- layers -----------------------------------------------------------------------------------

    def load_adapter(self, path: Path) -> Adapter:
        """Load a checked layer file.

        Raises:
            DamagedError: llama.cpp refuses it.

        """
        handle = lc.llama_adapter_lora_init(self._model, str(path).encode())
        if not handle:
            msg = f"llama.cpp refuses the layer {path}; export it again with `lamina export_layers`"
            raise DamagedError(msg)
        adapter = Adapter(int(ctypes.cast(handle, ctypes.c_void_p).value or 0))
        self._adapters.add(adapter)
        return adapter

    def free_adapter(self, adapter: Adapter) -> None:
        """Free a layer. It is taken off the contexts first: a freed handle must not stay there."""
        for context in (self, *self._beside):
            context.take_off(adapter)
        lc.llama_adapter_lora_free(_handle(adapter))
        self._adapters.discard(adapter)

    def take_off(self, adapter: Adapter) -> None:
        """Apply no layers where this one is among those applied."""
        if any(adapter == applied for applied, _ in self._applied):
            self.apply(())

    def apply(self, adapters: tuple[tuple[Adapter, float], ...]) -> bool:
        """Make these the whole set for the next steps; returns whether it was another one."""
        if adapters == self._applied:
            return False
        count = len(adapters)
        handles = (lc.llama_adapter_lora_p_ctypes * count)(*(_handle(one) for one, _ in adapters))
        scales = (ctypes.c_float * count)(*(scale for _, scale in adapters))
        lc.llama_set_adapters_lora(self._context, handles, count, scales)
        self._applied = adapters
        return True

    # -- steps ------------------------------------------------------------------------------------

    def decode(self) -> int:
        """Evaluate the batch. 0 = done, `Interrupt.CUT`, or llama.cpp's code of a failure."""
        return int(lc.llama_decode(self._context, self.batch.native()))

    def logits(self, index: int) -> Floats:
        """Logits of a wanted token of the last step, shape (n_vocab,); valid until the next."""
        pointer = lc.llama_get_logits_ith(self._context, index)
        if not pointer:
            msg = f"llama.cpp kept no logits for token {index} of the step"
            raise ResourceError(msg)
        row: Any = self._row.from_address(ctypes.addressof(pointer.contents))
        found: Floats = np.frombuffer(row, np.float32)
        return found

    def forget(self, slot: int, start: int = 0) -> bool:
        """Drop a slot's KV from position `start` on; False where the model cannot drop a part."""
        return bool(lc.llama_memory_seq_rm(self._memory, slot, start, -1))

    def copy(self, source: int, target: int) -> None:
        """Give an empty slot everything another slot holds."""
        lc.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def state_bytes(self, slot: int) -> int:
        """What a copy of this slot's KV takes."""
        return int(lc.llama_state_seq_get_size(self._context, slot))

    def state(self, slot: int, size: int) -> Bytes:
        """A copy of a slot's KV, of `state_bytes`; empty where llama.cpp does not give it."""
        state = np.empty(size, np.uint8)
        written = lc.llama_state_seq_get_data(self._context, _bytes(state), size, slot)
        return state[: int(written)]

    def put_back(self, slot: int, kept: Bytes) -> bool:
        """Give an empty slot such a copy: the same bits; False where llama.cpp does not take it."""
        return bool(lc.llama_state_seq_set_data(self._context, _bytes(kept), kept.size, slot))

    def forget_all(self) -> None:
        """Drop what every slot holds, and wipe its memory: no number of it can be met again."""
        lc.llama_memory_clear(self._memory, True)  # noqa: FBT003 - a C call

    @contextmanager
    def fresh(self, n_ctx: int, n_slots: int = 1, *, one_kv: bool = False) -> Iterator["Base"]:
        """The same model in a context of its own, which has seen nothing.

        It shares only the weights with this one: what a fresh process would compute. Layers are
        loaded and freed here, not there.

        Raises:
            ResourceError: there is no memory for it.

        """
        options = replace(self.options, n_slots=n_slots, n_ctx=n_ctx, one_kv=one_kv)
        context = lc.llama_init_from_model(self._model, context_params(options))
        if not context:
            msg = "there is no memory for a second context; free some, then try again"
            raise ResourceError(msg)
        beside = Base(self._model, context, options, self._interrupt)
        self._beside.append(beside)
        try:
            yield beside
        finally:
            self._beside.remove(beside)
            lc.llama_free(context)

    def evaluate(self, tokens: Tokens, *, position: int, slot: int = 0) -> Floats:
        """Logits after these tokens, evaluated in a step of their own; shape (n_vocab,), a copy.

        Raises:
            ResourceError: llama.cpp fails.

        """
        self.batch.clear()
        self.batch.add(tokens, position=position, slot=slot, wanted_from=len(tokens) - 1)
        if code := self.decode():
            msg = f"llama.cpp failed in a step (code {code}); try again"
            raise ResourceError(msg)
        return self.logits(len(tokens) - 1).copy()

    # -- facts ------------------------------------------------------------------------------------

    def chat_template(self) -> str | None:
        """The Jinja template that the GGUF carries."""
        raw = lc.llama_model_chat_template(self._model, None)
        return raw.decode("utf-8", "replace") if raw else None

    def close_adapters(self) -> None:
        """Free every layer."""
        self.apply(())
        for adapter in tuple(self._adapters):
            self.free_adapter(adapter)


def _bytes(state: Bytes) -> Any:  # noqa: ANN401 - ctypes
    return ctypes.cast(state.ctypes.data, ctypes.POINTER(ctypes.c_uint8))


def _handle(adapter: Adapter) -> Any:  # noqa: ANN401 - llama_adapter_lora_p
    return ctypes.cast(ctypes.c_void_p(adapter), lc.llama_adapter_lora_p_ctypes)


@contextmanager
def open_base(
    path: Path, options: ContextOptions, interrupt: Interrupt | None = None
) -> Iterator[Base]:
    """Load a base; closed in llama.cpp's order: layers, context, model.

    Its steps can be cut short by the interrupt.

    Raises:
        DamagedError: llama.cpp cannot load the file.
        ResourceError: there is no memory for the context.

    """
    lc.llama_backend_init()
    with ExitStack() as handles:
        params = lc.llama_model_default_params()
        params.n_gpu_layers = 0
        params.use_extra_bufts = options.special_layouts
        model = lc.llama_model_load_from_file(str(path).encode(), params)
        if not model:
            msg = f"llama.cpp cannot load the model {path}; convert or copy it again"
            raise DamagedError(msg)
        handles.callback(lc.llama_model_free, model)
        context = lc.llama_init_from_model(model, context_params(options))
        if not context:
            msg = (
                f"no memory for {options.n_slots} requests of {options.n_ctx} tokens; "
                "start with a smaller --n_ctx or --n_parallel"
            )
            raise ResourceError(msg)
        handles.callback(lc.llama_free, context)
        base = Base(model, context, options, interrupt or Interrupt())
        handles.callback(base.close_adapters)
        yield base
