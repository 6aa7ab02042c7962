"""A sequence's life in a slot: what a step means for it. Engine thread only."""

import math
import time
from collections.abc import Iterator

import numpy as np

from lamina.errors import ResourceError
from lamina.serving.engine.sequence import Delta, Floats, Outcome, Sequence, State, TokenLogprob
from lamina.serving.engine.transcript import Transcript
from lamina.serving.llama import Base, Sampler


class Occupant:
    """One admitted sequence with its sampler and its text."""

    def __init__(self, sequence: Sequence, base: Base) -> None:
        self.sequence = sequence
        self._base = base
        self._vocabulary = base.vocabulary
        self._sampler = Sampler(base.vocabulary, sequence.generation.sampling)
        self._transcript = Transcript(
            sequence.generation.stop, strip_first_space=sequence.strip_first_space
        )

    def next_tokens(self, count: int) -> list[int]:
        """The tokens that the next step evaluates: `count` of the prompt, or the newest answer."""
        sequence = self.sequence
        if sequence.pending:
            return sequence.prompt[sequence.evaluated : sequence.evaluated + count]
        return [sequence.answer[-1]]

    def wanted_from(self, count: int) -> int:
        """First of the next `count` tokens whose logits are needed."""
        if not self.sequence.pending:
            return 0
        return max(0, min(count, self.sequence.reusable - self.sequence.evaluated))

    def advance(self, first_index: int, count: int) -> Iterator[Delta | Outcome]:
        """Take what a step gave: its `count` tokens stand in the batch from `first_index` on."""
        sequence = self.sequence
        start, sequence.evaluated = sequence.evaluated, sequence.evaluated + count
        if sequence.state is State.PREFILLING and sequence.score_from is not None:
            self._score(start, count, first_index)
        if sequence.pending:
            return
        if sequence.score_from is not None:
            yield self._end("stop")
            return
        if sequence.state is State.PREFILLING:
            sequence.transition(State.DECODING)
        yield from self._answer(self._base.logits(first_index + count - 1))

    def _answer(self, logits: Floats) -> Iterator[Delta | Outcome]:
        sequence, generation = self.sequence, self.sequence.generation
        if sequence.keeps_logits and sequence.logits is None:
            sequence.logits = logits.copy()
        token = self._sampler.choose(logits)
        if not math.isfinite(logits[token]):
            msg = "the model computed no numbers; check its layers with `lamina doctor`"
            raise ResourceError(msg)
        if not sequence.answer:
            sequence.first_token_s = time.monotonic()
        ended = token in self._vocabulary.ends and not generation.ignore_eos
        if not ended:
            sequence.answer.append(token)
            piece = self._vocabulary.piece(token, special=token in generation.spelled)
            text = self._transcript.add(piece)
            logprobs = self._logprobs(logits, token)
            yield Delta(text, (token,), logprobs)
        if reason := self._finish_reason(ended=ended):
            if rest := self._transcript.finish():
                yield Delta(rest)
            yield self._end(reason)

    def _finish_reason(self, *, ended: bool) -> str | None:
        sequence, limit = self.sequence, self.sequence.generation.max_tokens
        if ended or self._transcript.stopped:
            return "stop"
        full = len(sequence.prompt) + len(sequence.answer) >= self._base.n_ctx
        if full or (limit is not None and len(sequence.answer) >= limit):
            return "length"
        return None

    def _logprobs(self, logits: Floats, token: int) -> tuple[TokenLogprob, ...]:
        count = self.sequence.generation.top_logprobs
        if count is None:
            return ()
        logprobs = log_softmax(logits)
        likeliest = np.argpartition(-logprobs, min(count, len(logprobs) - 1))[:count]
        ordered = sorted(((int(one), float(logprobs[one])) for one in likeliest), key=_by_logprob)
        return (TokenLogprob(token, float(logprobs[token]), tuple(ordered)),)

    def _score(self, start: int, count: int, first_index: int) -> None:
        """Log-probability of each prompt token that follows one of these positions."""
        prompt = self.sequence.prompt
        first = max(start, self.sequence.reusable)
        for position in range(first, min(start + count, len(prompt) - 1)):
            logits = self._base.logits(first_index + position - start)
            score = float(logits[prompt[position + 1]]) - log_total(logits)
            self.sequence.scores.append(score)

    def _end(self, reason: str) -> Outcome:
        sequence = self.sequence
        now_s = time.monotonic()
        first_s = sequence.first_token_s or now_s
        return Outcome(
            finish_reason=reason,
            prompt_tokens=len(sequence.prompt),
            reused_tokens=sequence.reused,
            completion_tokens=len(sequence.answer),
            queued_ms=1000 * (sequence.admitted_s - sequence.accepted_s),
            first_token_ms=1000 * (first_s - sequence.accepted_s),
            total_ms=1000 * (now_s - sequence.accepted_s),
            logprobs=tuple(sequence.scores),
        )

    def close(self) -> None:
        """Free the native sampler."""
        self._sampler.close()


def log_total(logits: Floats) -> float:
    """What a logit lies above its token's natural log-probability: log of the sum of exponentials.

    The sum is pairwise in float32, good to 1e-6; half the time of `log_softmax`.
    """
    most = np.max(logits)
    return float(most) + math.log(np.exp(logits - most, dtype=np.float32).sum())


def _by_logprob(pair: tuple[int, float]) -> float:
    return -pair[1]


def log_softmax(logits: Floats) -> Floats:
    """Natural log-probabilities, shape (n_vocab,) float32; the sum is taken in float64."""
    shifted = logits - np.max(logits)
    total = np.exp(shifted, dtype=np.float32).sum(dtype=np.float64)
    result: Floats = shifted - np.float32(np.log(total))
    return result
