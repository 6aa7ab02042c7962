"""A GGUF model in the converter's child, with layers over it: token ids and log-probabilities.

Plain llama.cpp on purpose: no repacked weights, no flash attention, one sequence, an empty context
for each text. What is measured here is the files, not the server.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.conversion.importance import Observer
from lamina.conversion.jobs import Open, Score, Scored, Tokenize
from lamina.prompts import Words

_BATCH = 256  # tokens a step: bounds the logits that are held at a time


class Loaded:
    """Model, context and layers; `close` frees them in llama.cpp's order."""

    def __init__(self, job: Open) -> None:
        import llama_cpp as lc

        lc.llama_backend_init()
        params = lc.llama_model_default_params()
        params.n_gpu_layers = 0
        params.use_extra_bufts = False
        self._model = lc.llama_model_load_from_file(job.path.encode(), params)
        if not self._model:
            msg = "llama.cpp cannot load the model"
            raise RuntimeError(msg)
        self.observer = Observer() if job.observe else None
        self._context = lc.llama_init_from_model(self._model, self._context_params(job))
        if not self._context:
            msg = f"llama.cpp has no memory for a context of {job.n_ctx} tokens"
            raise RuntimeError(msg)
        self._vocabulary = lc.llama_model_get_vocab(self._model)
        self._size = int(lc.llama_vocab_n_tokens(self._vocabulary))
        self._layers = [self._layer(path) for path, _ in job.layers]
        self._apply([scale for _, scale in job.layers])

    def _context_params(self, job: Open) -> Any:  # noqa: ANN401 - llama_context_params
        import llama_cpp as lc

        params = lc.llama_context_default_params()
        params.n_ctx = job.n_ctx
        params.n_batch = params.n_ubatch = _BATCH
        params.n_threads = params.n_threads_batch = job.threads
        params.flash_attn_type = 0
        params.no_perf = True
        if self.observer:
            params.cb_eval = self.observer.callback
        return params

    def _layer(self, path: str) -> Any:  # noqa: ANN401 - a native handle
        import llama_cpp as lc

        handle = lc.llama_adapter_lora_init(self._model, path.encode())
        if not handle:
            msg = f"llama.cpp refuses the layer {path}"
            raise RuntimeError(msg)
        return handle

    def _apply(self, scales: Sequence[float]) -> None:
        import llama_cpp as lc

        count = len(scales)
        handles = (lc.llama_adapter_lora_p_ctypes * count)(*self._layers)
        lc.llama_set_adapters_lora(self._context, handles, count, (ctypes.c_float * count)(*scales))

    def close(self) -> None:
        """Free everything."""
        import llama_cpp as lc

        lc.llama_free(self._context)
        for layer in self._layers:
            lc.llama_adapter_lora_free(layer)
        lc.llama_model_free(self._model)

    def words(self) -> Words:
        """The ends of a text, as the vocabulary spells them."""
        import llama_cpp as lc

        def spelled(token: int) -> str:
            raw = bytes(lc.llama_vocab_get_text(self._vocabulary, token)) if token >= 0 else b""
            return raw.decode("utf-8", "replace")

        bos, eos = (
            int(find(self._vocabulary)) for find in (lc.llama_vocab_bos, lc.llama_vocab_eos)
        )
        size = int(lc.llama_vocab_n_tokens(self._vocabulary))
        ends = (token for token in range(size) if lc.llama_vocab_is_eog(self._vocabulary, token))
        special = lc.LLAMA_TOKEN_ATTR_CONTROL | lc.LLAMA_TOKEN_ATTR_UNKNOWN
        specials = (
            token
            for token in range(size)
            if lc.llama_vocab_get_attr(self._vocabulary, token) & special
        )
        return Words(
            bos=spelled(bos),
            eos=spelled(eos),
            eos_id=eos,
            adds_bos=bool(lc.llama_vocab_get_add_bos(self._vocabulary)),
            ends=frozenset(map(spelled, ends)),
            specials=frozenset(map(spelled, specials)),
        )

    def tokenize(self, job: Tokenize) -> list[int]:
        """Token ids as llama.cpp cuts the text."""
        import llama_cpp as lc

        raw = job.text.encode()
        room = len(raw) + 8
        for _ in range(2):
            buffer = (lc.llama_token * room)()
            count = lc.llama_tokenize(
                self._vocabulary, raw, len(raw), buffer, room, job.add_bos, job.parse_special
            )
            if count >= 0:
                return list(buffer[:count])
            room = -count
        msg = f"llama.cpp cannot tokenize a text of {len(raw)} bytes"
        raise RuntimeError(msg)

    def score(self, job: Score) -> Scored:
        """Loss of the predicted tokens and, beside a reference, how far this is from it."""
        import llama_cpp as lc

        lc.llama_memory_clear(lc.llama_get_memory(self._context), True)  # noqa: FBT003 - theirs
        expected = None if job.reference is None else np.load(job.reference, mmap_mode="r")
        total = Scored(tokens=0, nll=0.0)
        for start in range(0, len(job.ids) - 1, _BATCH):  # the last token predicts nothing
            end = min(start + _BATCH, len(job.ids) - 1)
            begin = max(start, job.first - 1)
            said = self.evaluate(job.ids[start:end], start, begin - start)
            if begin >= end:
                continue
            labels = np.array(job.ids[begin + 1 : end + 1])
            row = job.row + begin - (job.first - 1)
            beside = None if expected is None else expected[row : row + end - begin]
            total = _added(total, said, labels, beside)
        return total

    def evaluate(self, ids: Sequence[int], position: int, wanted_from: int) -> NDArray[np.float64]:
        """Log-probabilities after the wanted tokens of one step, behind what is in the context."""
        import llama_cpp as lc

        batch = lc.llama_batch_init(len(ids), 0, 1)
        try:
            batch.n_tokens = len(ids)
            for index, token in enumerate(ids):
                batch.token[index] = token
                batch.pos[index] = position + index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = index >= wanted_from
            if code := lc.llama_decode(self._context, batch):
                msg = f"llama.cpp failed in a step (code {code})"
                raise RuntimeError(msg)
        finally:
            lc.llama_batch_free(batch)
        rows = [self._logits(index) for index in range(max(wanted_from, 0), len(ids))]
        return _log_softmax(np.array(rows, np.float64)) if rows else np.zeros((0, self._size))

    def _logits(self, index: int) -> NDArray[np.float32]:
        import llama_cpp as lc

        pointer = lc.llama_get_logits_ith(self._context, index)
        return np.ctypeslib.as_array(pointer, shape=(self._size,))


def _log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _added(
    total: Scored,
    said: NDArray[np.float64],
    labels: NDArray[np.int64],
    expected: NDArray[np.float32] | None,
) -> Scored:
    nll = total.nll - float(said[np.arange(len(labels)), labels].sum())
    kl, agreed = total.kl, total.agreed
    if expected is not None:
        if expected.shape != said.shape:
            msg = f"the vocabularies have {expected.shape[1]} and {said.shape[1]} tokens"
            raise RuntimeError(msg)
        wanted = expected.astype(np.float64)
        kl += float((np.exp(wanted) * (wanted - said)).sum())
        agreed += int((wanted.argmax(axis=1) == said.argmax(axis=1)).sum())
    return Scored(tokens=total.tokens + len(labels), nll=nll, kl=kl, agreed=agreed)
