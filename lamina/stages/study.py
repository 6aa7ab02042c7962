"""What is made of a layer's pages to teach it what stands on them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef, Manifest
from lamina.errors import InvalidInputError
from lamina.stages import layers
from lamina.stages.pod import Pod
from lamina.stages.shown import write_view
from lamina.stages.writing import PodsWriter, written
from lamina.store import MANIFEST
from lamina.study.card import Sample, shown
from lamina.study.facts import VERSION, facts_of
from lamina.study.memory import PUT_OFF
from lamina.study.stage import PAGE_FILE, STAGE, study, study_inputs
from lamina.study.strategy import Strategy
from lamina.text.study_rows import STUDY_FILE, StudyRow, read_study_rows

VIEW = "study.jsonl"
RULES = Strategy("facts", VERSION, facts_of)


def study_layer(pod: Pod, layer: str, dataset: ArtifactRef, exam: Sequence[str]) -> ArtifactRef:
    """The layer's study rows, by every strategy of this pod."""
    with PodsWriter(pod) as writer:
        asked = written(pod, writer)
        return _studied(pod, layer, dataset, exam, [RULES, *([asked] if asked else [])])


def known_study(pod: Pod, layer: str, dataset: ArtifactRef, exam: Sequence[str]) -> ArtifactRef:
    """What `study_layer` made before; else what rules make, and no writer is asked."""
    known = _known(pod, layer, dataset, exam)
    return known.ref if known else _studied(pod, layer, dataset, exam, [RULES])


def is_unfinished(pod: Pod, layer: str, dataset: ArtifactRef, exam: Sequence[str]) -> bool:
    """Whether pages were put off when it was last made, and are to be tried again."""
    known = _known(pod, layer, dataset, exam)
    return known is not None and PUT_OFF in known.facts["dropped"]


def _known(pod: Pod, layer: str, dataset: ArtifactRef, exam: Sequence[str]) -> Manifest | None:
    with PodsWriter(pod) as writer:
        asked = written(pod, writer, known_only=True)
    strategies = [RULES, *([asked] if asked else [])]
    return pod.store.recall_manifest(STAGE, study_inputs(dataset, layer, strategies, exam))


def _studied(
    pod: Pod,
    layer: str,
    dataset: ArtifactRef,
    exam: Sequence[str],
    strategies: Sequence[Strategy],
) -> ArtifactRef:
    ref = study(
        dataset, layer, strategies=strategies, exam=exam, store=pod.store, progress=pod.progress
    )
    if some := pod.store.manifest(ref).facts["dropped"].get(PUT_OFF):
        pod.progress.say(f"{layer}: {some} pages were put off, and are tried again next time")
    return ref


def exam_questions(pod: Pod) -> tuple[str, ...]:
    """Every question that any layer is examined by here, which no row may ask.

    Raises:
        InvalidInputError: a question file cannot be understood.

    """
    from lamina.assessment.exam.questions import gather_topics

    topics = gather_topics(pod.workspace.prompts, optional=True)
    return tuple(sorted({one.question for topic in topics for one in topic.prompts}))


def publish(pod: Pod, refs: Sequence[ArtifactRef]) -> Path:
    """Write the rows of these and of all published layers to `data/processed/study.jsonl`.

    Each of these has a page there.
    """
    view = pod.workspace.processed / VIEW
    taught = _published(pod)
    for ref in refs:
        layer = pod.store.manifest(ref).facts["layer"]
        name = pod.workspace.processed / f"taught_{layer}.html"
        write_view(name, [pod.store.open(ref) / PAGE_FILE])
        taught[layer] = ref
    write_view(view, [pod.store.open(ref) / STUDY_FILE for ref in taught.values()])
    return view


def _published(pod: Pod) -> dict[str, ArtifactRef]:
    """What the published layers were taught, as far as it is held."""
    found: dict[str, ArtifactRef] = {}
    for layer in pod.workspace.trained():
        manifest = layers.published_manifest(pod, layer)
        if digest := manifest and manifest.facts.get("study"):
            ref = ArtifactRef(kind="study", digest=digest)
            found |= {layer: ref} if pod.store.holds(ref) else {}
    return found


def sample(pod: Pod, ref: ArtifactRef, count: int) -> list[StudyRow]:
    """So many rows from anywhere in it, always the same ones."""
    if count < 0:
        msg = f"{count} rows cannot be shown; name how many, such as --show 20"
        raise InvalidInputError(msg)
    found = Sample(count)
    for row in read_study_rows(pod.store.open(ref)):
        found.add(row)
    return found.rows()


def shown_rows(rows: Sequence[StudyRow]) -> list[dict[str, Any]]:
    """Rows in the columns that people read."""
    return shown(rows)


def counts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A study's facts as one row for a person."""
    return {
        "pages": f"{facts['taught']} of {facts['passages']}",
        "facts and questions": facts["groups"],
        "rows": facts["rows"],
        "kinds": _listed(facts["kinds"]),
        "left out": _listed(facts["dropped"]),
    }


def _listed(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counted.items()) or "-"


def card_made_since(pod: Pod, ref: ArtifactRef, since_s: float) -> str | None:
    """The card as Markdown, if it was made after that time; none if it is an old one."""
    folder = pod.store.open(ref)
    if (folder / MANIFEST).stat().st_mtime < since_s:
        return None
    return (folder / "card.md").read_text(encoding="utf-8")
