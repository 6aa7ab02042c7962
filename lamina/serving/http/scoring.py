"""What a request that scores makes the engine do, and how its scores are told."""

from collections.abc import Iterator
from dataclasses import dataclass

from lamina.errors import InvalidInputError
from lamina.prompts import Message
from lamina.serving.engine.sequence import Generation, Outcome, Sequence
from lamina.serving.http.loaded import Loaded
from lamina.serving.http.replies import Json
from lamina.serving.http.requests.scores import ScoreItem, ScoreRequest
from lamina.serving.http.service import Service
from lamina.serving.layers.blends import LayerSet


@dataclass(frozen=True)
class Text:
    """A text to score: the ids of the whole, from index `start` on."""

    ids: list[int]
    start: int

    def result(self, logprobs: tuple[float, ...]) -> Json:
        """Its score; log-probabilities in nats."""
        total = sum(logprobs)
        return {
            "logprob": total,
            "nll": -total,
            "n_tokens": len(logprobs),
            "loss": -total / len(logprobs),
            "tokens": self.ids[self.start :],
            "token_logprobs": list(logprobs),
        }


@dataclass(frozen=True)
class Scoring:
    """One item: its texts, and the sequences in which they are scored."""

    texts: list[Text]
    sequences: list[Sequence]
    candidates: bool  # whether the item asked for a list

    def result(self, index: int, outcomes: list[Outcome]) -> Json:
        """The item's entry in the reply."""
        parts = zip(self.texts, self._parts(outcomes), strict=True)
        scores = [text.result(one) for text, one in parts]
        return {"index": index, **({"candidates": scores} if self.candidates else scores[0])}

    def _parts(self, outcomes: list[Outcome]) -> Iterator[tuple[float, ...]]:
        """Each text's log-probabilities. A branch may begin before its text does."""
        if not self.sequences[0].branches:
            yield from (outcome.logprobs for outcome in outcomes)
            return
        (whole,), at = outcomes, 0
        for text, branch in zip(self.texts, self.sequences[0].branches, strict=True):
            at += len(branch)
            yield whole.logprobs[at - (len(text.ids) - text.start) : at]


def plan_scores(service: Service, body: ScoreRequest) -> tuple[LayerSet, list[Scoring]]:
    """Choose layers and tokens.

    Raises:
        LaminaError: the request cannot be answered.

    """
    loaded = service.ready()
    layers = service.routing.choose(body.model, body.parts())
    items = [*body.items, *(ScoreItem(text=text) for text in body.texts)]
    if not items:
        msg = "there is nothing to score; give items or texts"
        raise InvalidInputError(msg)
    return layers, [_scoring(loaded, layers, body, item) for item in items]


def _scoring(loaded: Loaded, layers: LayerSet, body: ScoreRequest, item: ScoreItem) -> Scoring:
    for written in item.all_texts():
        loaded.check_text(written)
    texts = [
        Text(*tokens_of(loaded, item, text, add_eos=body.add_eos))
        for text in ([None] if item.candidates is None else item.candidates)
    ]
    for text in texts:
        loaded.check_length(text.ids, room=0)
        if text.start >= len(text.ids):
            msg = "an item has no tokens to score; give it a text"
            raise InvalidInputError(msg)
    together = _together(loaded, layers, texts) if item.candidates is not None else None
    sequences = [together] if together else [_alone(layers, body, text) for text in texts]
    return Scoring(texts, sequences, item.candidates is not None)


def _alone(layers: LayerSet, body: ScoreRequest, text: Text) -> Sequence:
    return Sequence(layers, text.ids, Generation(), score_from=text.start, reuse=body.cache_prompt)


def _together(loaded: Loaded, layers: LayerSet, texts: list[Text]) -> Sequence | None:
    """All of an item's texts as branches of what they share; None where that cannot be."""
    shared = min(text.start for text in texts)
    for text in texts[1:]:
        shared = min(shared, loaded.prompts.common(texts[0].ids[:shared], text.ids))
    branches = tuple(tuple(text.ids[shared:]) for text in texts)
    sequence = Sequence(layers, texts[0].ids[:shared], Generation(), branches=branches)
    return sequence if shared and loaded.can_branch(sequence.branching_tokens) else None


def tokens_of(
    loaded: Loaded, item: ScoreItem, candidate: str | None = None, *, add_eos: bool = False
) -> tuple[list[int], int]:
    """Tokens of the whole and the index of the first one to score: at least 1.

    A plain text is scored from its first token after BOS, as training sees it.
    """
    prompts = loaded.prompts
    text = item.text if candidate is None else candidate
    if item.messages:
        messages: list[Message] = [message.plain() for message in item.messages]
        if text is not None:
            messages.append({"role": "assistant", "content": text})
        if len(messages) > 1 and messages[-1]["role"] == "assistant":
            return prompts.answered(messages[:-1], messages[-1]["content"])
        whole = prompts.chat(messages, answer_follows=False)
        prompt = prompts.chat(messages[:-1]) if messages[:-1] else []
        return whole, max(prompts.common(prompt, whole), 1)
    if item.prompt:
        whole = prompts.text(item.prompt + (text or ""))
        return whole, max(prompts.common(prompts.text(item.prompt), whole), 1)
    ids, given = prompts.passage(item.given, text or "")
    return [*ids, *([prompts.words.eos_id] if add_eos else [])], max(given, 1)
