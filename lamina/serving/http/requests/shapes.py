"""What requests look like: OpenAI's fields, llama.cpp's extra ones, and Lamina's `lora`.

A field that would change the answer but is not supported is refused, never ignored.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    field_validator,
    model_validator,
)

from lamina.serving.http.requests.fields import known_fields, refused
from lamina.serving.http.requests.messages import Message
from lamina.serving.layers.blends import Part, checked_scale
from lamina.serving.llama.sampling import Generation, Sampling

_MAX_CHOICES = 16
_MAX_TOP_LOGPROBS = 20
_MAX_STOPS = 64  # each is looked for after every token, on the engine's thread

Stop = Annotated[str, Field(max_length=1000)]


class LayerRef(BaseModel):
    """A layer by id, name or path, and its strength."""

    model_config = ConfigDict(extra="forbid")

    id: StrictInt | None = None
    name: str | None = None
    path: str | None = None
    scale: Annotated[float, Field(strict=True)] = 1.0

    @model_validator(mode="after")
    def _names_one_layer(self) -> "LayerRef":
        if sum(value is not None for value in (self.id, self.name, self.path)) != 1:
            msg = "give exactly one of id, name and path"
            raise ValueError(msg)
        return self

    def part(self) -> Part:
        """As a part of a blend."""
        layer = self.id if self.id is not None else self.name
        where = Path(self.path) if self.path is not None else layer
        assert where is not None  # noqa: S101 - the validator made sure
        return Part(where, checked_scale(self.scale, where))


class LayerOrder(BaseModel):
    """Body of POST /lora-adapters in its object form."""

    model_config = ConfigDict(extra="forbid")

    adapters: list[LayerRef]


class Choosing(BaseModel):
    """How a request says which layers answer."""

    model_config = ConfigDict(allow_inf_nan=False)

    model: str | None = None
    lora: list[LayerRef] | None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_ignored(cls, values: Any) -> Any:  # noqa: ANN401 - any JSON
        return known_fields(values, cls.model_fields) if isinstance(values, dict) else values


class Generating(Choosing):
    """What both kinds of completion share."""

    max_tokens: int | None = Field(None, ge=1)
    temperature: float = Field(0.8, ge=0, le=100)
    top_p: float = Field(0.95, ge=0, le=1)
    top_k: int = Field(40, ge=0, le=1_000_000)
    min_p: float = Field(0.05, ge=0, le=1)
    repeat_penalty: float = Field(1.0, gt=0, le=10)
    frequency_penalty: float = Field(0.0, ge=-2, le=2)
    presence_penalty: float = Field(0.0, ge=-2, le=2)
    seed: int | None = None
    stop: Annotated[list[Stop], Field(max_length=_MAX_STOPS)] = Field(default_factory=list)
    logit_bias: Annotated[dict[int, float], Field(max_length=1024)] | None = None
    n: int = Field(1, ge=1, le=_MAX_CHOICES)
    stream: bool = False
    stream_options: dict[str, bool] | None = None
    grammar: str | None = None
    ignore_eos: bool = False
    cache_prompt: bool = True

    @field_validator("stop", mode="before")
    @classmethod
    def _one_stop_is_a_list(cls, stop: Any) -> Any:  # noqa: ANN401 - any JSON
        return [stop] if isinstance(stop, str) else stop

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts that end the answer."""
        return tuple(stop for stop in self.stop if stop)

    @property
    def includes_usage(self) -> bool:
        """Whether a stream ends with a chunk of token counts."""
        return bool((self.stream_options or {}).get("include_usage"))

    def generation(
        self, *, choice: int, max_tokens: int | None, top_logprobs: int | None, grammar: str | None
    ) -> Generation:
        """What the engine is told for the choice of this number."""
        sampling = Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            min_p=self.min_p,
            repeat_penalty=self.repeat_penalty,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            seed=None if self.seed is None else self.seed + choice,
            logit_bias=self.logit_bias or {},
            grammar=grammar,
        )
        return Generation(max_tokens, self.stops, sampling, top_logprobs, self.ignore_eos)


class ResponseFormat(BaseModel):
    """`text`, `json_object`, or `json_schema` with its schema."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: dict[str, Any] | None = None
    schema_: dict[str, Any] | None = Field(None, alias="schema")

    @model_validator(mode="after")
    def _has_a_schema(self) -> "ResponseFormat":
        given = (self.json_schema or {}).get("schema", self.schema_)
        if self.type == "json_schema" and not isinstance(given, dict):
            raise refused("response_format", "json_schema holds no schema; put it under schema")
        return self

    def schema_of_answer(self) -> dict[str, Any] | None:
        """The JSON schema that the answer must obey; None for free text."""
        match self.type:
            case "text":
                return None
            case "json_object":
                return self.schema_ or {"type": "object"}
            case _:
                return (self.json_schema or {}).get("schema", self.schema_)


class ChatRequest(Generating):
    """Body of POST /v1/chat/completions."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=4096)]
    max_completion_tokens: int | None = Field(None, ge=1)
    logprobs: bool = False
    top_logprobs: int = Field(0, ge=0, le=_MAX_TOP_LOGPROBS)
    response_format: ResponseFormat | None = None

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> "ChatRequest":
        shaped = self.response_format is not None and self.response_format.type != "text"
        if shaped and self.grammar is not None:
            raise refused("grammar", "grammar and response_format both shape the answer; give one")
        if self.top_logprobs and not self.logprobs:
            raise refused("top_logprobs", "top_logprobs needs logprobs; set it to true")
        return self


class CompletionRequest(Generating):
    """Body of POST /v1/completions."""

    prompt: str | list[str] | list[int] | list[list[int]]
    max_tokens: int | None = Field(16, ge=1)
    logprobs: int | None = Field(None, ge=0, le=_MAX_TOP_LOGPROBS)
    echo: bool = False

    @model_validator(mode="after")
    def _echo_is_plain_text(self) -> "CompletionRequest":
        if self.echo and self.logprobs is not None:
            msg = "echo gives no logprobs of the prompt; ask /v1/score for them, or leave one out"
            raise ValueError(msg)
        return self

    def prompts(self) -> list[str] | list[list[int]]:
        """Every prompt, as texts or as token ids."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        if not self.prompt or isinstance(self.prompt[0], int):
            return [cast("list[int]", self.prompt)]
        return self.prompt


class ScoreItem(BaseModel):
    """A text to score: from its beginning, after a prompt, or as the answer in a conversation.

    The text is `text` or, by another name, `completion`. Messages that end with an assistant's are
    a conversation whose last message is the text.
    """

    model_config = ConfigDict(extra="forbid")

    prompt: str = ""
    text: str | None = Field(None, validation_alias=AliasChoices("text", "completion"))
    messages: list[Message] | None = None

    @model_validator(mode="after")
    def _has_one_beginning(self) -> "ScoreItem":
        if self.prompt and self.messages:
            raise refused("prompt", "prompt and messages both begin the text; give one of them")
        return self


class ScoreRequest(Choosing):
    """Body of POST /v1/score: `items`, or `texts` scored from their beginning."""

    items: list[ScoreItem] = Field(default_factory=list, max_length=4096)
    texts: list[str] = Field(default_factory=list, max_length=4096)
    add_eos: bool = Field(default=False, description="score the end of each plain text as well")
    cache_prompt: bool = True


class TokenizeRequest(BaseModel):
    """Body of POST /tokenize: a text, or messages in the chat template."""

    content: str | None = None
    messages: list[Message] | None = None
    add_special: bool = True
    parse_special: bool = True


class DetokenizeRequest(BaseModel):
    """Body of POST /detokenize."""

    tokens: list[int]
