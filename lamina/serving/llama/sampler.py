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

from lamina.serving.llama.constraints import Constraint
from lamina.serving.llama.vocabulary import Vocabulary

_REPEAT_WINDOW = 64  # tokens that repeat_penalty looks back on: llama.cpp's default
_WHOLE_ANSWER = 65_536  # OpenAI's penalties count every token of the answer
_NEVER = np.float32(-np.inf)
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
    constraint: Constraint | None = None  # what the answer must be

    @property
    def greedy(self) -> bool:
        """Whether the choice is the largest logit, of those that may come next."""
        penalties = (self.repeat_penalty, self.frequency_penalty, self.presence_penalty)
        return self.temperature == 0 and penalties == (1, 0, 0)


class Sampler:
    """Chooses tokens as one request asked. Engine thread only; `close` frees it."""

    def __init__(self, vocabulary: Vocabulary, sampling: Sampling) -> None:
        self._handles = ExitStack()
        self._chain: Any = None
        self._matcher = sampling.constraint.start() if sampling.constraint else None
        self._biased = np.fromiter(sampling.logit_bias, np.int32)
        self._biases = np.fromiter(sampling.logit_bias.values(), np.float32)
        if sampling.greedy:
            return
        self._chain = lc.llama_sampler_chain_init(lc.llama_sampler_chain_default_params())
        self._handles.callback(lc.llama_sampler_free, self._chain)
        for link in _links(vocabulary, sampling):
            lc.llama_sampler_chain_add(self._chain, link)
        self._ids = np.arange(vocabulary.size, dtype=np.int32)
        self._candidates = np.zeros(
            vocabulary.size, np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")])
        )
        self._data = ctypes.cast(self._candidates.ctypes.data, lc.llama_token_data_p)
        self._array = lc.llama_token_data_array()

    def choose(self, logits: Floats) -> int:
        """The next token for these logits, shape (n_vocab,).

        Raises:
            InvalidInputError: the constraint leaves none.

        """
        if len(self._biased):
            logits = logits.copy()
            logits[self._biased] += self._biases
        token = self._select(logits)
        if self._matcher:
            # Checking one token first is far cheaper than asking for the whole vocabulary.
            if not self._matcher.allows(token):
                token = self._select(np.where(self._matcher.allowed(), logits, _NEVER))
            self._matcher.take(token)
        if self._chain:
            lc.llama_sampler_accept(self._chain, token)
        return token

    def _select(self, logits: Floats) -> int:
        if not self._chain:
            return int(np.argmax(logits))
        self._candidates["id"], self._candidates["logit"] = self._ids, logits
        array = self._array  # samplers may change all of it
        array.data, array.size, array.selected, array.sorted = self._data, len(logits), -1, False
        lc.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def close(self) -> None:
        """Free the native samplers."""
        self._handles.close()


def _links(vocabulary: Vocabulary, sampling: Sampling) -> Iterator[Any]:
    """Native samplers in llama.cpp's own order; the chain owns them, biases come before it."""
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
