"""How the next token is chosen: what a request asks for, and llama.cpp's samplers that do it."""

import ctypes
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import llama_cpp as lc
import numpy as np
import numpy.typing as npt

from lamina.errors import InvalidInputError
from lamina.serving.llama.grammars import checked_grammar
from lamina.serving.llama.vocabulary import Vocabulary

_REPEAT_WINDOW = 64  # tokens that repeat_penalty looks back on: llama.cpp's default
_WHOLE_ANSWER = 65_536  # OpenAI's penalties count every token of the answer
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. Names and meanings as in OpenAI's API, then llama.cpp's."""

    temperature: float = 0.8  # 0 = always the likeliest token
    top_p: float = 0.95  # 1 = off
    top_k: int = 40  # 0 = off
    min_p: float = 0.05  # 0 = off
    repeat_penalty: float = 1.0  # 1 = off
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None  # None: a random one
    logit_bias: Mapping[int, float] = field(default_factory=dict)  # token id -> added to its logit
    grammar: str | None = None  # GBNF: https://github.com/ggml-org/llama.cpp/tree/master/grammars

    @property
    def greedy(self) -> bool:
        """Whether the choice is the largest logit as the model gave it."""
        penalties = (self.repeat_penalty, self.frequency_penalty, self.presence_penalty)
        plain = penalties == (1, 0, 0) and not (self.logit_bias or self.grammar)
        return self.temperature == 0 and plain


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
            text = checked_grammar(sampling.grammar).encode()
            self._grammar = lc.llama_sampler_init_grammar(vocabulary.native, text, b"root")
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
            if not self._allowed(token):  # accepting it would end the process
                msg = "the grammar leaves no token that could come next; allow an end to it"
                raise InvalidInputError(msg)
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
    if sampling.repeat_penalty != 1:
        repeat = sampling.repeat_penalty
        yield lc.llama_sampler_init_penalties(vocabulary.size, _REPEAT_WINDOW, repeat, 0, 0)
    frequency, presence = sampling.frequency_penalty, sampling.presence_penalty
    if frequency or presence:
        yield lc.llama_sampler_init_penalties(
            vocabulary.size, _WHOLE_ANSWER, 1, frequency, presence
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
