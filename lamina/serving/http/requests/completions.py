"""What a request that generates asks for: chats and completions."""

from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from lamina.serving.engine.sequence import Generation
from lamina.serving.http.requests.fields import refused
from lamina.serving.http.requests.layers import LayerChoice
from lamina.serving.http.requests.response_format import ResponseFormat
from lamina.serving.http.requests.tools import ChatMessage, ToolUse
from lamina.serving.llama import Constraint, Sampling

_MAX_CHOICES = 16
_MAX_TOP_LOGPROBS = 20
_MAX_STOPS = 64  # each is looked for after every token, on the engine's thread

Stop = Annotated[str, Field(max_length=1000)]
# llama.cpp's clients send -1 where OpenAI's send null.
Longest = Annotated[
    Annotated[int, Field(ge=1)] | None,
    BeforeValidator(
        lambda given: None if given == -1 else given,
        json_schema_input_type=Annotated[int, Field(ge=1)] | Literal[-1] | None,
    ),
]


class GenerationRequest(LayerChoice):
    """What both kinds of completion share."""

    max_tokens: Longest = Field(None, description="null or -1: until the context is full")
    temperature: float = Field(0.8, ge=0, le=100, description="0: always the likeliest token")
    top_p: float = Field(0.95, ge=0, le=1, description="1: off")
    top_k: int = Field(40, ge=0, le=1_000_000, description="0: off")
    min_p: float = Field(0.05, ge=0, le=1, description="0: off")
    repeat_penalty: float = Field(1.0, gt=0, le=10, description="1: off; of the last 64 tokens")
    frequency_penalty: float = Field(0.0, ge=-2, le=2)
    presence_penalty: float = Field(0.0, ge=-2, le=2)
    seed: int | None = Field(None, description="the same seed, the same answer")
    stop: Annotated[list[Stop], Field(max_length=_MAX_STOPS)] = Field(
        default_factory=list, description="texts that end the answer and are left out of it"
    )
    logit_bias: Annotated[dict[int, float], Field(max_length=1024)] | None = Field(
        None, description="token id: what is added to its logit"
    )
    n: int = Field(1, ge=1, le=_MAX_CHOICES, description="answers to one prompt")
    stream: bool = Field(default=False, description="send server-sent events")
    stream_options: dict[str, bool] | None = Field(
        None, description="`include_usage`: end the stream with counts of tokens"
    )
    grammar: str | None = Field(None, description="GBNF that the answer must obey")
    ignore_eos: bool = Field(default=False, description="go on past the end: for benchmarks")
    cache_prompt: bool = Field(default=True, description="use KV of the same layers")

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

    @property
    def longest(self) -> int | None:
        """Tokens that the answer may have; None: until the context is full."""
        return self.max_tokens

    @property
    def alternatives(self) -> int | None:
        """Likeliest tokens that are told beside each chosen one; None: no log-probabilities."""
        return None

    def schema_of_answer(self) -> dict[str, Any] | None:
        """The JSON schema that the answer must obey; None for free text."""
        return None

    def generation(
        self, *, choice: int, constraint: Constraint | None, spelled: frozenset[int] = frozenset()
    ) -> Generation:
        """What the engine is told for the choice of this number.

        `spelled` are special tokens that stand in the answer's text.
        """
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
            constraint=constraint,
        )
        return Generation(
            self.longest, self.stops, sampling, self.alternatives, self.ignore_eos, spelled
        )


class ChatRequest(GenerationRequest, ToolUse):
    """Body of POST /v1/chat/completions."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "Leases:0.6+Goodwill:0.4",
                    "messages": [{"role": "user", "content": "What is the lease term?"}],
                    "max_tokens": 64,
                }
            ]
        }
    )

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=4096)]
    max_completion_tokens: Longest = None
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
        if self.callable_tools and (shaped or self.grammar is not None):
            raise refused("tools", "tools and response_format both shape the answer; give one")
        if self.messages[-1].tool_calls:
            raise refused("messages", "calls end the conversation; send what they gave as a tool")
        return self

    @property
    def longest(self) -> int | None:
        """By its present name, else by its old one."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def alternatives(self) -> int | None:
        """As OpenAI counts them for chats."""
        return self.top_logprobs if self.logprobs else None

    def schema_of_answer(self) -> dict[str, Any] | None:
        """What `response_format` asks for."""
        return self.response_format.schema_of_answer() if self.response_format else None

    def plain_messages(self) -> list[dict[str, Any]]:
        """The conversation as the chat template takes it."""
        return [message.plain() for message in self.messages]


class CompletionRequest(GenerationRequest):
    """Body of POST /v1/completions."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": "base", "prompt": "The lease term is", "max_tokens": 16}]
        }
    )

    prompt: str | list[str] | list[int] | list[list[int]]
    max_tokens: Longest = 16
    logprobs: int | None = Field(None, ge=0, le=_MAX_TOP_LOGPROBS)
    echo: bool = False

    @model_validator(mode="after")
    def _echo_is_plain_text(self) -> "CompletionRequest":
        if self.echo and self.logprobs is not None:
            msg = "echo gives no logprobs of the prompt; ask /v1/score for them, or leave one out"
            raise ValueError(msg)
        return self

    @property
    def alternatives(self) -> int | None:
        """As OpenAI counts them for completions."""
        return self.logprobs

    def prompts(self) -> list[str] | list[list[int]]:
        """Every prompt, as texts or as token ids."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        if not self.prompt or isinstance(self.prompt[0], int):
            return [cast("list[int]", self.prompt)]
        return self.prompt


Asked: TypeAlias = ChatRequest | CompletionRequest
