"""What the converter's child process is asked to do, one job a line of JSON."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Script(BaseModel):
    """Run one of llama.cpp's converter scripts; its output gets our metadata."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["script"] = "script"
    script: Literal["convert_hf_to_gguf.py", "convert_lora_to_gguf.py"]
    arguments: tuple[str, ...]
    name: str = Field(description="general.name in the GGUF, instead of the folder's name")
    metadata: dict[str, str | int | float] = Field(description="further keys, `lamina.*`")


class Quantize(BaseModel):
    """Quantize a GGUF model with llama.cpp."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["quantize"] = "quantize"
    source: str
    target: str
    ftype: str = Field(description="as llama.cpp names it, such as Q4_K_M")
    threads: int
    importance: str | None = Field(None, description="importance matrix, an .npz file")


class Check(BaseModel):
    """Load a GGUF model with llama.cpp, and let it go."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["check"] = "check"
    path: str


class Open(BaseModel):
    """Load a GGUF model, and layers over it, for the jobs that follow; the last one is let go.

    Value: the fields of a `Words`.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["open"] = "open"
    path: str
    layers: tuple[tuple[str, float], ...] = Field((), description="GGUF files with scales")
    n_ctx: int = 512
    threads: int = 1
    observe: bool = Field(default=False, description="gather an importance matrix while scoring")


class Tokenize(BaseModel):
    """Token ids of a text, by the open model. Value: a list of ids."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["tokenize"] = "tokenize"
    text: str
    add_bos: bool
    parse_special: bool


class Score(BaseModel):
    """How the open model predicts `ids[first:]`. Value: the fields of a `Scored`."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["score"] = "score"
    ids: tuple[int, ...]
    first: int
    reference: str | None = Field(None, description=".npy of log-probabilities to compare with")
    row: int = Field(0, description="where this text's rows begin in the reference")


class Importance(BaseModel):
    """Write what was gathered since `open`, as .npz. Value: the number of weights."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["importance"] = "importance"
    target: str


Job: TypeAlias = Annotated[
    Script | Quantize | Check | Open | Tokenize | Score | Importance, Field(discriminator="kind")
]
JOB: TypeAdapter[Job] = TypeAdapter(Job)


class Scored(BaseModel):
    """Sums over the predicted tokens of one text."""

    model_config = ConfigDict(frozen=True)

    tokens: int
    nll: float = Field(description="nats")
    kl: float = Field(0.0, description="KL(reference || this), nats")
    agreed: int = Field(0, description="tokens where both would choose the same one")


class Reply(BaseModel):
    """What became of a job: no error means that it is done."""

    error: str | None = None
    value: Any = None
