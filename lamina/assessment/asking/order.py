"""What an assessment is asked to measure."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.assessment.asking.client import Via
from lamina.assessment.asking.matrix import DRAWN, ELSEWHERE
from lamina.assessment.exam.behind import KnownFile
from lamina.assessment.exam.sampling import Sampling
from lamina.margins import Margins


class QaOrder(BaseModel):
    """What to measure, and on which server. Paths are read when the stage runs."""

    model_config = ConfigDict(frozen=True)

    server_url: str = ""
    prompts: Path = Field(description="folder of question files, each named after its layer")
    topics: tuple[str, ...] = Field(
        (), description="names that question files may bear, beside those of the server's layers"
    )
    general: bool = Field(default=True, description="ask the sixty general questions, too")
    heldout: tuple[Path, ...] = Field((), description="heldout.jsonl files; rows name their layer")
    trained: tuple[Path, ...] = Field(
        (), description="files of training rows; exam questions that stand in them do not count"
    )
    datasets: dict[str, ArtifactRef] = Field(
        {}, description="what each layer was trained on: tells what it can know"
    )
    files: tuple[KnownFile, ...] = Field((), description="what the documents are or were called")
    adapters: Path | None = Field(
        None, description="folder of <layer>.gguf that the server must know in these versions"
    )
    model: Path | None = Field(
        None, description="base GGUF that the server runs: tells one quantization from another"
    )
    layers: tuple[str, ...] = Field((), description="layers to measure; none = all on the server")
    blends: tuple[str, ...] = Field((), description="such as `ASC_Leases:0.6+ASC_Debt:0.4`")
    auto: bool = Field(default=True, description="ask whom the server finds for each question")
    judged: tuple[str, ...] = Field(
        (), description="whom a verdict is wanted of; none = every layer and blend"
    )
    margins: Margins = Field(default_factory=Margins)
    sampling: Sampling = Field(default_factory=Sampling)
    via: Via = Field("adapters", description="set the default blend, or name it in each request")
    concurrency: int | None = Field(
        None, ge=1, le=256, description="requests in flight under one blend; none = server's slots"
    )
    n_drawn: int = Field(DRAWN, ge=0, description="items of each topic not a layer's own; 0 = all")
    costs: dict[str, float] = Field({}, description="of training, by layer, where it is known")
    overrides: Path | None = Field(
        None, description="overrides.jsonl: what people decided about answers, before the grader"
    )
    against: Path | None = Field(
        None, description="another report, by its folder or a file of it: what changed is told"
    )
    n_elsewhere: int = Field(
        ELSEWHERE, ge=0, description="questions of all topics together that are not a layer's own"
    )
    heldout_tokens: int = Field(4000, ge=0, description="held-out tokens a topic; 0 = none")
