"""What a request asks of sampling: plain values, checked at the border. No llama.cpp here."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    def penalizes(self) -> bool:
        """Whether earlier tokens change the choice."""
        return (self.repeat_penalty, self.frequency_penalty, self.presence_penalty) != (1, 0, 0)

    @property
    def greedy(self) -> bool:
        """Whether the choice is the largest logit as the model gave it."""
        plain = not (self.penalizes or self.logit_bias or self.grammar)
        return self.temperature == 0 and plain


@dataclass(frozen=True)
class Generation:
    """What a request asks for besides its prompt."""

    max_tokens: int | None = None  # None: until the context is full
    stop: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    top_logprobs: int | None = None  # None: no log-probabilities; 0: of the chosen token only
    ignore_eos: bool = False  # go on past the end: for benchmarks


@dataclass(frozen=True)
class TokenLogprob:
    """Natural log-probabilities at one position, from the model's own logits at temperature 1."""

    token: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()  # (token, logprob), likeliest first
    begins: bool = False  # an answer whose first space is left out
