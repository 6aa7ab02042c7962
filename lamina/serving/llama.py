"""llama.cpp through its low-level API: the only module of the server that imports `llama_cpp`.

Everything here but `Vocabulary` belongs to the engine thread. What llama.cpp would answer with an
abort of the process (a damaged adapter, a wrong type) must be kept from it before: see
`adapter_file`.
"""

import ctypes
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NewType

import llama_cpp as lc
import numpy as np
import numpy.typing as npt

from lamina.errors import DamagedError, InvalidInputError, ResourceError
from lamina.serving.sampling import Sampling

Adapter = NewType("Adapter", int)  # a native handle: an address
Floats = npt.NDArray[np.float32]
Tokens = Sequence[int]
_PENALTY_WINDOW = 64  # tokens of the answer that penalties look back on: llama.cpp's default


@dataclass(frozen=True)
class ContextOptions:
    """How the base is run. Memory for KV = n_ctx x n_slots tokens, taken at the start."""

    n_ctx: int = 4096  # tokens one request may use, prompt and answer together
    n_slots: int = 4  # requests that run at the same time
    n_batch: int = 512  # tokens one step may evaluate; more = faster prompts, coarser slices
    n_threads: int = 2
    # On a CPU, flash attention sums in float16: answers then depend, by up to 0.04 in a logit, on
    # which steps a prompt was evaluated in; without it by 1e-5 (measured). It is not faster here
    # at 128 tokens; it saves memory at long contexts.
    flash_attn: bool = False
    special_layouts: bool = True  # weights repacked for this processor: faster prompts


def _drop(_level: int, _text: bytes, _user_data: object) -> None:
    """Drop llama.cpp's own log: what matters is raised."""


_silence = lc.llama_log_callback(_drop)  # kept: llama.cpp calls it as long as the process lives


def quiet() -> None:
    """Keep llama.cpp from writing to standard error."""
    lc.llama_log_set(_silence, ctypes.c_void_p(0))


def has_amx() -> bool:
    """Whether this build would use the processor's AMX units."""
    return b"AMX_INT8 = 1" in bytes(lc.llama_print_system_info())


class Vocabulary:
    """Text to tokens and back. llama.cpp documents this part as thread-safe."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - a native handle
        self._vocab = lc.llama_model_get_vocab(model)
        self.size = int(lc.llama_vocab_n_tokens(self._vocab))
        self.bos = int(lc.llama_vocab_bos(self._vocab))
        self.eos = int(lc.llama_vocab_eos(self._vocab))
        self.adds_bos = bool(lc.llama_vocab_get_add_bos(self._vocab))
        spm = lc.LLAMA_VOCAB_TYPE_SPM
        self.marks_words_with_space = int(lc.llama_vocab_type(self._vocab)) == spm
        self.ends = frozenset(
            token for token in range(self.size) if lc.llama_vocab_is_eog(self._vocab, token)
        )
        self._pieces: dict[int, bytes] = {}

    @property
    def native(self) -> Any:  # noqa: ANN401 - a native handle
        """The handle that llama.cpp's grammar sampler asks for."""
        return self._vocab

    def text_of(self, token: int) -> str:
        """The vocabulary's own spelling of a token, such as `<s>`; empty for none."""
        if token < 0:
            return ""
        return bytes(lc.llama_vocab_get_text(self._vocab, token)).decode("utf-8", "replace")

    def tokenize(self, text: str, *, add_bos: bool, parse_special: bool) -> list[int]:
        """Token ids; `add_bos` adds BOS where the model asks for one."""
        raw = text.encode()
        room = len(raw) + 8
        for _ in range(2):
            buffer = (lc.llama_token * room)()
            count = lc.llama_tokenize(
                self._vocab, raw, len(raw), buffer, room, add_bos, parse_special
            )
            if count >= 0:
                return list(buffer[:count])
            room = -count
        msg = f"llama.cpp cannot tokenize a text of {len(raw)} bytes"
        raise ResourceError(msg)

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes of one token; control tokens are empty unless `special`."""
        if not special and token in self._pieces:
            return self._pieces[token]
        room = 64
        for _ in range(2):
            buffer = ctypes.create_string_buffer(room)
            count = lc.llama_token_to_piece(self._vocab, token, buffer, room, 0, special)
            if count >= 0:
                break
            room = -count
        piece = buffer.raw[: max(count, 0)]
        if not special:
            self._pieces[token] = piece
        return piece

    def detokenize(self, tokens: Tokens) -> str:
        """The text of these tokens, special tokens written out."""
        raw = b"".join(self.piece(token, special=True) for token in tokens)
        return raw.decode("utf-8", "replace")


class Batch:
    """The tokens of one decode step, in buffers that live as long as the batch."""

    def __init__(self, room: int) -> None:
        self.tokens = np.zeros(room, np.int32)
        self.positions = np.zeros(room, np.int32)
        self.slots = np.zeros(room, np.int32)
        self.wanted = np.zeros(room, np.int8)
        self.size = 0
        self._counts = np.ones(room, np.int32)
        start = self.slots.ctypes.data
        self._pointers = np.array([start + 4 * index for index in range(room)], np.uintp)

    def clear(self) -> None:
        """Begin a new step."""
        self.size = 0

    def add(self, tokens: Tokens, *, position: int, slot: int, wanted_from: int) -> int:
        """Append tokens of one sequence; logits are kept from index `wanted_from` on.

        Returns the batch index of the first token.
        """
        begin, end = self.size, self.size + len(tokens)
        self.tokens[begin:end] = tokens
        self.positions[begin:end] = np.arange(position, position + len(tokens))
        self.slots[begin:end] = slot
        self.wanted[begin:end] = 0
        self.wanted[begin + wanted_from : end] = 1
        self.size = end
        return begin

    def native(self) -> Any:  # noqa: ANN401 - llama_batch
        """As llama.cpp takes it."""
        batch = lc.llama_batch()
        batch.n_tokens = self.size
        batch.token = _pointer(self.tokens, ctypes.c_int32)
        batch.pos = _pointer(self.positions, ctypes.c_int32)
        batch.n_seq_id = _pointer(self._counts, ctypes.c_int32)
        batch.seq_id = _pointer(self._pointers, ctypes.POINTER(ctypes.c_int32))
        batch.logits = _pointer(self.wanted, ctypes.c_int8)
        return batch


def _pointer(array: npt.NDArray[Any], kind: Any) -> Any:  # noqa: ANN401 - ctypes
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))


class Sampler:
    """Chooses tokens as one request asked. Engine thread only; `close` frees it."""

    def __init__(self, vocabulary: Vocabulary, sampling: Sampling) -> None:
        self._greedy = sampling.greedy
        self._handles = ExitStack()
        self._grammar: Any = None
        if self._greedy:
            return
        self._chain = lc.llama_sampler_chain_init(lc.llama_sampler_chain_default_params())
        self._handles.callback(lc.llama_sampler_free, self._chain)
        for link in _links(vocabulary, sampling):
            lc.llama_sampler_chain_add(self._chain, link)
        self._candidates = np.zeros(
            vocabulary.size, np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])
        )
        if sampling.grammar:
            self._grammar = lc.llama_sampler_init_grammar(
                vocabulary.native, sampling.grammar.encode(), b"root"
            )
            if not self._grammar:
                msg = "the grammar cannot be read; give GBNF with a rule named root"
                raise InvalidInputError(msg)
            self._handles.callback(lc.llama_sampler_free, self._grammar)

    def choose(self, logits: Floats) -> int:
        """The next token for these logits, shape (n_vocab,)."""
        if self._greedy:
            return int(np.argmax(logits))
        token = self._select(logits, constrained=False)
        if self._grammar and not self._allowed(token):
            # Checking one token first is far cheaper than the grammar over the whole vocabulary.
            token = self._select(logits, constrained=True)
        lc.llama_sampler_accept(self._chain, token)
        if self._grammar:
            lc.llama_sampler_accept(self._grammar, token)
        return token

    def _select(self, logits: Floats, *, constrained: bool) -> int:
        self._candidates["id"] = np.arange(len(logits), dtype=np.int32)
        self._candidates["logit"] = logits
        array = _token_array(self._candidates)
        if constrained:
            lc.llama_sampler_apply(self._grammar, ctypes.byref(array))
        lc.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allowed(self, token: int) -> bool:
        one = np.zeros(1, self._candidates.dtype)
        one["id"], one["logit"] = token, 1.0
        lc.llama_sampler_apply(self._grammar, ctypes.byref(_token_array(one)))
        return bool(np.isfinite(one["logit"][0]))

    def close(self) -> None:
        """Free the native samplers."""
        self._handles.close()


def _links(vocabulary: Vocabulary, sampling: Sampling) -> Iterator[Any]:
    """Native samplers in llama.cpp's own order; the chain owns them."""
    if sampling.logit_bias:
        pairs = [lc.llama_logit_bias(token, bias) for token, bias in sampling.logit_bias.items()]
        biases = (lc.llama_logit_bias * len(pairs))(*pairs)
        yield lc.llama_sampler_init_logit_bias(vocabulary.size, len(pairs), biases)
    if sampling.penalizes:
        yield lc.llama_sampler_init_penalties(
            vocabulary.size,
            _PENALTY_WINDOW,
            sampling.repeat_penalty,
            sampling.frequency_penalty,
            sampling.presence_penalty,
        )
    if sampling.temperature == 0:
        yield lc.llama_sampler_init_greedy()
        return
    if sampling.top_k > 0:
        yield lc.llama_sampler_init_top_k(sampling.top_k)
    if sampling.top_p < 1:
        yield lc.llama_sampler_init_top_p(sampling.top_p, 1)
    if sampling.min_p > 0:
        yield lc.llama_sampler_init_min_p(sampling.min_p, 1)
    yield lc.llama_sampler_init_temp(sampling.temperature)
    seed = secrets.randbits(32) if sampling.seed is None else sampling.seed
    yield lc.llama_sampler_init_dist(seed % 2**32)


def _token_array(candidates: npt.NDArray[Any]) -> Any:  # noqa: ANN401 - llama_token_data_array
    array = lc.llama_token_data_array()
    array.data = ctypes.cast(candidates.ctypes.data, lc.llama_token_data_p)
    array.size = len(candidates)
    array.selected = -1
    array.sorted = False
    return array


def grammar_of_schema(schema: str) -> str:
    """GBNF for a JSON schema, by llama-cpp-python's own converter.

    Raises:
        InvalidInputError: the schema cannot be turned into a grammar.

    """
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(schema))
    except Exception as error:  # the converter raises whatever its recursion meets
        msg = f"the JSON schema cannot be made a grammar ({error}); simplify it"
        raise InvalidInputError(msg) from error


class Base:
    """A loaded base with its context and layers. One thread only."""

    def __init__(self, model: Any, context: Any, options: ContextOptions) -> None:  # noqa: ANN401
        self._model = model
        self._context = context
        self._memory = lc.llama_get_memory(context)
        self._adapters: set[Adapter] = set()
        self._applied: tuple[tuple[Adapter, float], ...] = ()
        self.options = options
        self.n_ctx = int(lc.llama_n_ctx_seq(context))
        self.n_train = int(lc.llama_model_n_ctx_train(model))
        self.vocabulary = Vocabulary(model)
        self.batch = Batch(options.n_batch)

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
        """Free a layer. It is taken off the context first: a freed handle must not stay there."""
        if any(adapter == applied for applied, _ in self._applied):
            self.apply(())
        lc.llama_adapter_lora_free(_handle(adapter))
        self._adapters.discard(adapter)

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
        """Evaluate the batch. 0 = done; anything else is llama.cpp's code of failure."""
        return int(lc.llama_decode(self._context, self.batch.native()))

    def logits(self, index: int) -> Floats:
        """Logits of a wanted token of the last step, shape (n_vocab,); valid until the next."""
        pointer = lc.llama_get_logits_ith(self._context, index)
        if not pointer:
            msg = f"llama.cpp kept no logits for token {index} of the step"
            raise ResourceError(msg)
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary.size,))

    def forget(self, slot: int, start: int = 0) -> bool:
        """Drop a slot's KV from position `start` on; False where the model cannot drop a part."""
        return bool(lc.llama_memory_seq_rm(self._memory, slot, start, -1))

    def copy(self, source: int, target: int) -> None:
        """Give an empty slot everything another slot holds."""
        lc.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    @contextmanager
    def fresh(self, n_ctx: int) -> Iterator["Base"]:
        """The same model in a context of its own with one slot, which has seen nothing.

        It shares only the weights with this one: what a fresh process would compute. Layers are
        loaded and freed here, not there.

        Raises:
            ResourceError: there is no memory for it.

        """
        options = replace(self.options, n_slots=1, n_ctx=n_ctx)
        context = lc.llama_init_from_model(self._model, _context_params(options))
        if not context:
            msg = "there is no memory for a second context; free some, then try again"
            raise ResourceError(msg)
        try:
            yield Base(self._model, context, options)
        finally:
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


def _handle(adapter: Adapter) -> Any:  # noqa: ANN401 - llama_adapter_lora_p
    return ctypes.cast(ctypes.c_void_p(adapter), lc.llama_adapter_lora_p_ctypes)


@contextmanager
def open_base(path: Path, options: ContextOptions) -> Iterator[Base]:
    """Load a base; closed in llama.cpp's order: layers, context, model.

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
        context = lc.llama_init_from_model(model, _context_params(options))
        if not context:
            msg = (
                f"no memory for {options.n_slots} requests of {options.n_ctx} tokens; "
                "start with a smaller --n_ctx or --n_parallel"
            )
            raise ResourceError(msg)
        handles.callback(lc.llama_free, context)
        base = Base(model, context, options)
        handles.callback(base.close_adapters)
        yield base


def _context_params(options: ContextOptions) -> Any:  # noqa: ANN401 - llama_context_params
    params = lc.llama_context_default_params()
    params.n_ctx = options.n_ctx * options.n_slots
    params.n_batch = options.n_batch
    params.n_ubatch = options.n_batch
    params.n_seq_max = options.n_slots
    params.n_threads = options.n_threads
    params.n_threads_batch = options.n_threads
    # One stream of KV a slot: what a slot computes never depends on what another one holds.
    params.kv_unified = False
    params.no_perf = True
    params.flash_attn_type = int(options.flash_attn)
    return params
