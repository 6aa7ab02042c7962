"""What this room's builders give, and the sizes that its breaks are measured in."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.assessment.report.files import write_report
from lamina.assessment.report.records import AnswerRecord
from lamina.assessment.report.summary import summarise
from lamina.fingerprint import file_digest
from lamina.handover.carrier import Carrier
from lamina.handover.fetching import Fetched, fetch
from lamina.handover.opening import open_link
from lamina.handover.sending import Sent, send
from lamina.margins import Margins
from lamina.stages import fleet
from lamina.stages.pod import Pod
from lamina.stages.views import served
from lamina.store import Stage
from lamina.store.lookup import mismatch

MakePod = Callable[..., Pod]
MakeLayer = Callable[..., ArtifactRef]
MB = 1 << 20
SIZE = 6 * MB
SLACK = 2.5 * MB  # what was under way when the wire was cut, and SSH's own talk


def impatient(pod: Pod) -> Pod:
    settings = pod.settings.model_copy(update={"store_patience_s": 0.3})
    return Pod(settings, pod.workspace, pod.progress)


def push_refs(pod: Pod, refs: Sequence[ArtifactRef]) -> Sent:
    """Put artifacts into the depot, under no name."""
    with open_link(pod.settings) as link:
        return send(link, pod.store, refs, progress=pod.progress)


def pull_refs(pod: Pod, refs: Sequence[ArtifactRef]) -> Fetched:
    """Take artifacts out of the depot."""
    with open_link(pod.settings) as link:
        return fetch(link, pod.store, refs, progress=pod.progress)


def is_whole(pod: Pod, ref: ArtifactRef) -> bool:
    """Whether every file has the content that it had when it was made: each is read."""
    return mismatch(pod.store.path(ref), pod.store.manifest(ref)) is None


def serving(pods: list[Pod], layer: str = "Leases") -> list[str | None]:
    return [ref and ref.digest for ref in (served(pod, layer) for pod in pods)]


def follow(*pods: Pod) -> list[str]:
    return [one.sentence for pod in pods for one in fleet.follow(pod)]


def drop(pod: Pod, name: str) -> str:
    """A document in the inbox, with its name as content; its digest."""
    path = pod.workspace.raw_pdfs / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"%PDF-1.7 {Path(name).name}")
    return file_digest(path)


def version(pod: Pod, documents: Sequence[str], layer: str = "Leases") -> ArtifactRef:
    """A version of a layer that was trained on these."""

    def fill(folder: Path) -> dict[str, object]:
        drawn = random.Random(f"{pod.workspace.root.name} {layer} {documents}").randbytes(500)
        (folder / "adapter.gguf").write_bytes(drawn)
        return {"passport": {"layer": layer, "documents": list(documents)}}

    return pod.store.once("lora-gguf", Stage("export", 1), {"of": [layer, *documents]}, fill)


def in_depot(pod: Pod, content: bytes) -> bool:
    """Whether any file of the depot holds these bytes."""

    def look(carrier: Carrier) -> bool:
        return any(
            content in b"".join(carrier.read(name, 0, 1 << 20))
            for name in carrier.names("")
            if not name.startswith("heads/")
        )

    with open_link(pod.settings) as link:
        return link.run(look)


def report(
    pod: Pod, layers: Sequence[str] = ("Leases",), missing: str = "", *, worse: bool = False
) -> ArtifactRef:
    """A report of four right answers of each layer, and none of the base; or of forty, turned."""
    given = [
        AnswerRecord(
            blend=blend, topic="Leases", item=f"{number}", question=f"{number}?", reference="yes",
            answer="yes", correct=(blend == "base") == worse, kind="yes_no", why="",
            contains=True, first_token_s=0, total_s=0, n_prompt_tokens=1, n_tokens=1,
            tokens_per_s=None, document=f"{number}.pdf",
        )
        for blend in ("base", *layers)
        for number in range(40 if worse else 4)
    ]  # fmt: skip
    facts = {"Not measured": missing} if missing else {}

    def make(folder: Path) -> dict[str, object]:
        write_report(folder, summarise(given, facts=facts), given)
        return {}

    return pod.store.once("report", Stage("qa", 1), {"of": [*layers, missing, worse]}, make)


def on_other_margins(pod: Pod) -> Pod:
    """Where a verdict could be another one."""
    settings = pod.settings.model_copy(update={"margins": Margins(questions=30)})
    return Pod(settings, pod.workspace, pod.progress)
