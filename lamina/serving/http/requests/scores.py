"""What is to be scored: texts from their beginning, after a prompt, or as answers; or several."""

from collections.abc import Iterator

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from lamina.serving.http.requests.fields import refused
from lamina.serving.http.requests.layers import LayerChoice
from lamina.serving.http.requests.messages import Message


class ScoreItem(BaseModel):
    """A text to score: from its beginning, after a prompt, or as the answer in a conversation.

    What is `given` stands before a plain text, as a row's subject does in training: it is read as
    text, never as special tokens, and not scored.

    The text is `text` or, by another name, `completion`. Messages that end with an assistant's are
    a conversation whose last message is the text. Several texts that go on from one beginning are
    `candidates`: the beginning is evaluated once for all of them.
    """

    model_config = ConfigDict(extra="forbid")

    prompt: str = ""
    given: str = ""
    text: str | None = Field(None, validation_alias=AliasChoices("text", "completion"))
    messages: list[Message] | None = None
    candidates: list[str] | None = Field(None, min_length=1, max_length=64)

    @model_validator(mode="after")
    def _has_one_beginning(self) -> "ScoreItem":
        if self.prompt and self.messages:
            raise refused("prompt", "prompt and messages both begin the text; give one of them")
        if self.given and (self.prompt or self.messages):
            raise refused("given", "given stands before a plain text only; leave it out, or prompt")
        if self.candidates is not None and self.text is not None:
            raise refused("candidates", "text and candidates both name what is scored; give one")
        if self.candidates is not None and not (self.prompt or self.messages):
            raise refused(
                "candidates", "candidates go on from a beginning; give prompt or messages"
            )
        return self

    def all_texts(self) -> Iterator[str]:
        """Every text in it."""
        yield from (self.prompt, self.given + (self.text or ""), *(self.candidates or ()))
        yield from (message.content for message in self.messages or ())


class ScoreRequest(LayerChoice):
    """Body of POST /v1/score: `items`, or `texts` scored from their beginning."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"prompt": "The term is", "candidates": [" 5", " 7 years"]}]}]
        }
    )

    items: list[ScoreItem] = Field(default_factory=list, max_length=4096)
    texts: list[str] = Field(default_factory=list, max_length=4096)
    add_eos: bool = Field(default=False, description="score the end of each plain text as well")
    cache_prompt: bool = True
