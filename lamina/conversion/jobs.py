"""What the converter's child process is asked to do, one job a line of JSON."""

from typing import Annotated, Literal, TypeAlias

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


class Check(BaseModel):
    """Load a GGUF model with llama.cpp, and let it go."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["check"] = "check"
    path: str


Job: TypeAlias = Annotated[Script | Quantize | Check, Field(discriminator="kind")]
JOB: TypeAdapter[Job] = TypeAdapter(Job)


class Reply(BaseModel):
    """What became of a job: no error means that it is done."""

    error: str | None = None
