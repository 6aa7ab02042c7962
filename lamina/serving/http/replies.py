"""What responses look like: OpenAI's objects, with a `lamina` field that says what answered."""

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lamina.serving.engine.sequence import Outcome, TokenLogprob
from lamina.serving.layers.blends import LayerSet, Part
from lamina.serving.layers.finding import Route

LAYERS_HEADER = "X-Lamina-Layers"
Spell = Callable[[int], bytes]
Json = dict[str, Any]


def layers_of(layers: LayerSet) -> list[Json]:
    """The layers that answered."""
    return [
        {"name": layer.name, "scale": layer.scale, "digest": layer.digest}
        for layer in layers.layers
    ]


def parts_of(parts: tuple[Part, ...]) -> list[Json]:
    """A saved blend as an order's list of layers."""
    return [{"name": part.layer, "scale": part.scale} for part in parts]


def layers_header(layers: LayerSet) -> dict[str, str]:
    """The same as a header of one line: `name:scale@digest`, or `base`."""
    parts = [f"{one.name}:{one.scale:g}@{one.digest[:12]}" for one in layers.layers]
    return {LAYERS_HEADER: ",".join(parts) or "base"}


def route_of(route: Route) -> Json:
    """Why these layers answer a request for `auto`."""
    return {
        "layer": route.layer,
        "confidence": route.confidence,
        "runners_up": [one._asdict() for one in route.runners_up],
    }


def report(layers: LayerSet, outcomes: Iterable[Outcome], route: Route | None = None) -> Json:
    """The `lamina` field: what answered and what it cost; times in ms since acceptance."""
    done = list(outcomes)
    reused = sum(one.reused_tokens for one in done)
    return {
        "layers": layers_of(layers),
        **({"route": route_of(route)} if route else {}),
        "prompt_tokens_reused": reused,
        "prompt_tokens_evaluated": sum(one.prompt_tokens for one in done) - reused,
        "queued_ms": round(max(one.queued_ms for one in done), 3),
        "first_token_ms": round(min(one.first_token_ms for one in done), 3),
        "total_ms": round(max(one.total_ms for one in done), 3),
    }


def usage(prompt_tokens: int, outcomes: Iterable[Outcome]) -> Json:
    """Token counts; the prompt counts once however many choices it has.

    Cached are those of its tokens that were evaluated for none of them.
    """
    done = list(outcomes)
    completion = sum(one.completion_tokens for one in done)
    evaluated = sum(one.prompt_tokens - one.reused_tokens for one in done)
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": prompt_tokens + completion,
        "prompt_tokens_details": {"cached_tokens": max(prompt_tokens - evaluated, 0)},
    }


@dataclass
class Choice:
    """One answer as it grows."""

    index: int
    text: str = ""
    logprobs: list[TokenLogprob] = field(default_factory=list)
    outcome: Outcome | None = None
    message: Json | None = None  # where it may be calls of functions: what it says and calls

    @property
    def finish_reason(self) -> str | None:
        """Why it ended, in OpenAI's words."""
        return finished(self.outcome, calls=bool(self.message and "tool_calls" in self.message))


def finished(outcome: Outcome | None, *, calls: bool) -> str | None:
    """Why an answer ended, in OpenAI's words; None where it goes on."""
    if outcome is None:
        return None
    return "tool_calls" if calls and outcome.finish_reason == "stop" else outcome.finish_reason


@dataclass(frozen=True)
class Reply:
    """What every object of one response shares."""

    kind: str  # chat.completion | text_completion
    model: str
    layers: LayerSet
    spell: Spell
    route: Route | None = None  # where the model is `auto`
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def chat(self) -> bool:
        """Whether it answers a conversation."""
        return self.kind == "chat.completion"

    def whole(self, choices: list[Choice], prompt_tokens: int, *, logprobs: bool) -> Json:
        """The response that is not streamed."""
        outcomes = [choice.outcome for choice in choices if choice.outcome]
        return {
            **self._head(self.kind),
            "choices": [self._choice(choice, logprobs=logprobs) for choice in choices],
            "usage": usage(prompt_tokens, outcomes),
            "lamina": report(self.layers, outcomes, self.route),
        }

    def chunk(
        self,
        index: int,
        said: Json,
        *,
        logprobs: list[TokenLogprob] | None = None,
        outcome: Outcome | None = None,
        calls: bool = False,
    ) -> Json:
        """One part of a stream; the part with the finish reason says what answered.

        `said` is a delta as chats have them; `calls` tells whether functions were called.
        """
        body: Json = {"index": index, "finish_reason": finished(outcome, calls=calls)}
        body["logprobs"] = self.logprobs(logprobs) if logprobs else None
        if self.chat:
            body["delta"] = said
        else:
            body["text"] = said.get("content", "")
        kind = "chat.completion.chunk" if self.chat else self.kind
        whole = {**self._head(kind), "choices": [body]}
        return {**whole, "lamina": report(self.layers, [outcome], self.route)} if outcome else whole

    def usage_chunk(self, prompt_tokens: int, outcomes: list[Outcome]) -> Json:
        """The part of a stream that carries token counts and no choice."""
        kind = "chat.completion.chunk" if self.chat else self.kind
        return {**self._head(kind), "choices": [], "usage": usage(prompt_tokens, outcomes)}

    def _head(self, kind: str) -> Json:
        prefix = "chatcmpl-" if self.chat else "cmpl-"
        return {
            "id": prefix + self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
        }

    def _choice(self, choice: Choice, *, logprobs: bool) -> Json:
        body: Json = {
            "index": choice.index,
            "finish_reason": choice.finish_reason,
            "logprobs": self.logprobs(choice.logprobs) if logprobs else None,
        }
        if self.chat:
            message = choice.message or {"content": choice.text}
            return {**body, "message": {"role": "assistant", **message}}
        return {**body, "text": choice.text}

    def logprobs(self, entries: list[TokenLogprob]) -> Json:
        """Log-probabilities: a list of entries for chats, parallel lists for completions."""
        if self.chat:
            return {"content": [self._chat_entry(entry) for entry in entries]}
        return {
            "tokens": [self._text(entry.token) for entry in entries],
            "token_logprobs": [entry.logprob for entry in entries],
            "top_logprobs": [self._top(entry) for entry in entries],
            "text_offset": _offsets(self._text(entry.token) for entry in entries),
        }

    def _chat_entry(self, entry: TokenLogprob) -> Json:
        def spelled(token: int, logprob: float) -> Json:
            raw = self.spell(token).removeprefix(b" " if entry.begins else b"")
            text = raw.decode("utf-8", "replace")
            return {"token": text, "logprob": logprob, "bytes": list(raw)}

        top = [spelled(token, logprob) for token, logprob in entry.top]
        return {**spelled(entry.token, entry.logprob), "top_logprobs": top}

    def _top(self, entry: TokenLogprob) -> Json:
        found: Json = {}
        for token, logprob in entry.top:  # of two that are spelled alike, the likelier one stays
            found.setdefault(self._text(token), logprob)
        return found

    def _text(self, token: int) -> str:
        """A token as text; one that is only a part of a character, as OpenAI spells it."""
        raw = self.spell(token)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in raw)


def _offsets(texts: Iterable[str]) -> list[int]:
    offsets, at = [], 0
    for text in texts:
        offsets.append(at)
        at += len(text)
    return offsets
