"""The stage `qa_layers`: measures every layer on a running server, once for equal inputs."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.assessment.ask import Client, Sampling, Via
from lamina.assessment.blend import BASE, Blend, parse_blend
from lamina.assessment.matrix import Matrix, run_matrix
from lamina.assessment.questions import Topic, gather_topics
from lamina.assessment.replies import KnownLayer
from lamina.assessment.report import RECORDS, REPORT, SUMMARY, write_report
from lamina.assessment.summary import Summary, summarise
from lamina.errors import MismatchError, NotFoundError
from lamina.fingerprint import canonical, file_digest, text_digest
from lamina.progress import Progress
from lamina.store import Stage, Store, point

KIND = "qa"
STAGE = Stage("qa_layers", 1)


class QaOrder(BaseModel):
    """What to measure, and on which server. Paths are read when the stage runs."""

    model_config = ConfigDict(frozen=True)

    server_url: str
    prompts: Path = Field(description="folder of question files, each named after its layer")
    topics: tuple[str, ...] = Field(
        (), description="names that question files may bear, beside those of the server's layers"
    )
    heldout: tuple[Path, ...] = Field((), description="heldout.jsonl files; rows name their layer")
    adapters: Path | None = Field(
        None, description="folder of <layer>.gguf that the server must know in these versions"
    )
    model: Path | None = Field(
        None, description="base GGUF that the server runs: tells one quantization from another"
    )
    layers: tuple[str, ...] = Field((), description="layers to measure; none = all on the server")
    blends: tuple[str, ...] = Field((), description="such as `ASC_Leases:0.6+ASC_Debt:0.4`")
    sampling: Sampling = Field(default_factory=Sampling)
    via: Via = Field("adapters", description="set the default blend, or name it in each request")
    concurrency: int = Field(1, ge=1, le=256, description="requests in flight under one blend")
    heldout_tokens: int = Field(4000, ge=0, description="held-out tokens a topic; 0 = none")


def qa_layers(
    order: QaOrder,
    *,
    store: Store,
    progress: Progress,
    api_key: str | None = None,
    digest: Callable[[Path], str] = file_digest,
) -> ArtifactRef:
    """Ask, score, grade and judge; the artifact holds records, summary and report.

    `digest` may remember files that it has seen (`lamina.fingerprint.Digests`).

    Raises:
        NotFoundError: no server answers, nothing to measure, or the server lacks a layer.
        MismatchError: a layer's file is newer than what the server has, or the server cannot
            use it.
        InvalidInputError: a prompt file or a blend is malformed.

    """
    with Client(order.server_url, api_key) as client:
        known = {layer.name: layer for layer in client.layers()}
        topics = gather_topics(
            order.prompts,
            order.heldout,
            layers={*known, *order.topics},
            heldout_tokens=order.heldout_tokens,
        )
        _hold_against_files(known, order, digest)
        blends = _blends(order, known)
        base = client.base_digest()
        used = sorted({layer for blend in blends for layer in blend.layers})
        inputs = {
            "base": base,
            "model": digest(order.model) if order.model else None,
            "layers": {name: known[name].digest for name in used},
            "blends": [blend.name for blend in blends],
            "prompts": {topic.name: _prompts_digest(topic) for topic in topics},
            "heldout": {topic.name: _heldout_digest(topic) for topic in topics},
            "sampling": order.sampling,
            "via": order.via,
            "concurrency": order.concurrency,
        }
        matrix = Matrix(topics, blends, order.sampling, order.via, order.concurrency)

        def make(folder: Path) -> dict[str, object]:
            records = run_matrix(matrix, client, progress)
            facts = _facts(order, base, blends, known)
            summary = summarise(records, seed=order.sampling.seed, facts=facts)
            write_report(folder, summary, records)
            return _artifact_facts(summary)

        return store.once(KIND, STAGE, inputs, make)


def publish(ref: ArtifactRef, *, store: Store, folder: Path) -> Path:
    """Show the artifact under `folder` (the workspace's `qa/`); returns the page's path there."""
    made = store.open(ref)
    for name in (RECORDS, SUMMARY, REPORT):
        point(folder / name, made / name)
    return folder / REPORT


def _hold_against_files(
    known: dict[str, KnownLayer], order: QaOrder, digest: Callable[[Path], str]
) -> None:
    files = sorted(order.adapters.glob("*.gguf")) if order.adapters else []
    for path in files:
        layer = known.get(path.stem)
        if layer is None:
            order_to_load = f'{{"adapters":[{{"path":"{path}"}}]}}'
            msg = (
                f"the server at {order.server_url} is older than layer {path.stem}: it does not "
                f"list it; load it with POST /lora-adapters {order_to_load}, or restart the server"
            )
            raise NotFoundError(msg)
        if layer.digest and layer.digest != digest(path):
            msg = (
                f"the server at {order.server_url} has another version of layer {path.stem} than "
                f"{path}; restart the server"
            )
            raise MismatchError(msg)


def _blends(order: QaOrder, known: dict[str, KnownLayer]) -> tuple[Blend, ...]:
    """The base, the layers, the blends: each once."""
    names = (BASE, *(order.layers or tuple(known)), *order.blends)
    blends = {blend.name: blend for blend in map(parse_blend, names)}
    for blend in blends.values():
        for layer in blend.layers:
            if layer not in known:
                have = ", ".join(known) or "none"
                msg = (
                    f"the server at {order.server_url} knows no layer {layer} (it has: {have}); "
                    "export it with `lamina export_layers`, or leave it out"
                )
                raise NotFoundError(msg)
            if known[layer].problem:
                msg = f"the server at {order.server_url} cannot use it: {known[layer].problem}"
                raise MismatchError(msg)
    return tuple(blends.values())


def _prompts_digest(topic: Topic) -> str:
    return text_digest(canonical([[prompt.question, prompt.answer] for prompt in topic.prompts]))


def _heldout_digest(topic: Topic) -> str:
    return text_digest(canonical([[row.question, row.given + row.text] for row in topic.heldout]))


def _facts(
    order: QaOrder, base: str, blends: Sequence[Blend], known: dict[str, KnownLayer]
) -> dict[str, str]:
    """What the report says of its own making."""
    ways = {
        "adapters": "each blend set as the server's default with POST /lora-adapters",
        "model": "each request names its blend",
    }
    sampling = order.sampling
    used = sorted({layer for blend in blends for layer in blend.layers})
    facts = {
        "Server": order.server_url,
        "Base": base[:12],
        "How blends were put on": ways[order.via],
        "Requests in flight": str(order.concurrency),
        "Longest answer": f"{sampling.max_tokens} tokens",
        "Temperature": f"{sampling.temperature:g}, seed {sampling.seed}",
        "System message": sampling.system or "none",
        "Intervals": "95%: Newcombe 1998 for shares, paired bootstrap for F1 and loss",
    }
    return facts | {f"Layer {name}": known[name].digest[:12] or "unknown" for name in used}


def _artifact_facts(summary: Summary) -> dict[str, object]:
    return {
        "verdicts": {worth.name: worth.verdict.value for worth in summary.worths},
        "headline": summary.headline.model_dump(mode="json"),
    }
