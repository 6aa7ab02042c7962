"""What replies look like, for whoever reads /docs and /openapi.json; `replies` makes them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Described(BaseModel):
    """A part of a reply. More fields may come; none of these goes."""

    model_config = ConfigDict(extra="allow")


class Problem(Described):
    """What is wrong, in one sentence that says what to do."""

    message: str
    type: str
    param: str | None = Field(description="the field of the request that is meant, if one is")
    code: str | None


class ErrorReply(Described):
    """An error in OpenAI's shape."""

    error: Problem


class Applied(Described):
    """A layer that answers."""

    name: str
    scale: float
    digest: str = Field(description="sha256 of the file: which version it is")


class Candidate(Described):
    """A layer, or the base, and how likely it is the right one."""

    layer: str
    confidence: float


class Route(Candidate):
    """Which layer was found for a request with the model `auto`; a blend has two in its name."""

    runners_up: list[Candidate]


class Report(Described):
    """What answered and what it cost; times in ms since the request was accepted."""

    layers: list[Applied] = Field(description="empty: the base alone")
    route: Route | None = Field(None, description="of requests with the model `auto` only")
    prompt_tokens_reused: int = Field(description="taken from KV of the same layers")
    prompt_tokens_evaluated: int
    queued_ms: float
    first_token_ms: float
    total_ms: float


class Cached(Described):
    """Tokens of the prompt that were evaluated for an earlier request."""

    cached_tokens: int


class Usage(Described):
    """Counts of tokens; the prompt counts once, however many choices it has."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: Cached


class Called(Described):
    """A function that the answer calls; its arguments are JSON text."""

    id: str
    type: Literal["function"]
    function: dict[str, str]


class Said(Described):
    """The answer."""

    role: Literal["assistant"]
    content: str | None = Field(description="null where the answer is calls alone")
    tool_calls: list[Called] | None = Field(None, description="left out where nothing is called")


class ChatChoice(Described):
    """One answer to a conversation."""

    index: int
    finish_reason: Literal["stop", "length", "tool_calls"]
    message: Said
    logprobs: dict[str, Any] | None


class TextChoice(Described):
    """One continuation of a text."""

    index: int
    finish_reason: Literal["stop", "length"]
    text: str
    logprobs: dict[str, Any] | None


class _Completion(Described):
    id: str
    created: int
    model: str
    usage: Usage
    lamina: Report


class ChatReply(_Completion):
    """A chat completion. With `stream`, its parts come as server-sent events instead."""

    object: Literal["chat.completion"]
    choices: list[ChatChoice]


class CompletionReply(_Completion):
    """A completion. With `stream`, its parts come as server-sent events instead."""

    object: Literal["text_completion"]
    choices: list[TextChoice]


class ScoreReply(Described):
    """Log-probabilities of the texts, in nats; `data` is in the order of the request."""

    object: Literal["list"]
    model: str
    data: list[dict[str, Any]]
    lamina: Report


class KnownLayer(Described):
    """A layer that this server knows, whether it can be used, and its strength in the default."""

    id: int
    name: str
    path: str
    scale: float = Field(description="in the default blend; 0 = not part of it")
    digest: str | None
    size_bytes: int
    rank: int
    alpha: float
    loaded: bool = Field(description="whether it is in memory")
    passport: dict[str, Any] | None = Field(description="what it was trained on, and how")
    made_s: int = Field(description="when its file was written, in seconds since 1970")
    verdict: dict[str, str] | None = Field(description="the last report's on this version")
    examples: list[str] = Field(description="the first questions of its exam, where one is here")
    problem: str | None = Field(description="why it cannot be used; null where it can")


class DefaultSet(Described):
    """The new default."""

    success: Literal[True]
    adapters: list[Applied]
    load_ms: float
    kept: bool = Field(description="whether it comes back after a restart")


class NamedPart(Described):
    """A layer of a saved blend. It means whatever version stands when a request comes."""

    name: str
    scale: float


class BlendSaved(Described):
    """The saved blend, with the versions that its names mean now."""

    success: Literal[True]
    name: str
    adapters: list[Applied]


class Done(Described):
    """It is done."""

    success: Literal[True]


class Model(Described):
    """Something that `model` can name: the base, the default, a layer, a saved blend."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    root: str = Field(description="the base's own name, a layer's file, or a blend's layers")
    parent: str | None = Field(description="what it is applied to; null for the base")
    lamina: dict[str, Any]


class ModelList(Described):
    """All of them."""

    object: Literal["list"]
    data: list[Model]


class Tokens(Described):
    """Token ids."""

    tokens: list[int]


class Content(Described):
    """The text of tokens, special ones written out."""

    content: str


class Health(Described):
    """The process is there."""

    status: Literal["ok"]
    version: str


class Ready(Described):
    """Requests can be answered."""

    status: Literal["ready"]
    n_ctx: int = Field(description="tokens that one request may use, prompt and answer together")


class Visit(Described):
    """One stop of the self-test."""

    model: str
    prompt_tokens_reused: int
    largest_difference: float = Field(description="of a logit, from a fresh context's")
    identical: bool


class SwapReport(Described):
    """What the self-test proved; `ok` is false when a swap left something behind."""

    ok: bool
    smallest_effect_of_layers: float = Field(description="what a stale layer would have caused")
    visits: list[Visit]
