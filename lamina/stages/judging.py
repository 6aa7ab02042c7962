"""When a version is judged, and beside whom: the served one, and the layers of other topics."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.errors import NotFoundError
from lamina.fingerprint import canonical, text_digest
from lamina.handover.versions import UNJUDGED, WAITS, read_history
from lamina.stages.pod import Pod
from lamina.stages.taught import known_files
from lamina.stages.views import FILE, KIND, served


def is_news(pod: Pod, layer: str, gguf: ArtifactRef, dataset: ArtifactRef | None) -> bool:
    """Whether a version waits for a verdict, or got one that would be another today.

    One that was promoted, was taken back, failed a check or waits for a person stays as it is.
    """
    last = read_history(pod.workspace.versions, layer).last_word(gguf.digest)
    serves = served(pod, layer) == gguf
    if last is None or (serves and last.action in UNJUDGED):
        return True
    open_still = "keep" if serves else "hold"
    if last.action != open_still or "verdict" not in last.facts or WAITS in last.facts:
        return False
    return bool(last.facts.get("judged_by") != judged_by(pod, layer, dataset))


def judged_by(pod: Pod, layer: str, dataset: ArtifactRef | None) -> str:
    """A digest of what a verdict hangs on beside the version: rule, margins, exam, test text."""
    from lamina.assessment.grading import GRADER
    from lamina.assessment.verdicts.rule import VERSION

    return text_digest(
        canonical(
            {
                "rule": VERSION,
                "grader": GRADER,
                "margins": pod.settings.margins.model_dump(mode="json"),
                "exam": _exam(pod, layer, dataset),
                "dataset": dataset.digest if dataset else None,
                **_overruled(pod, layer),
            }
        )
    )


def _overruled(pod: Pod, layer: str) -> dict[str, object]:
    """What people decided about answers of the layer or the base; no key where they did not."""
    from lamina.assessment.exam.blend import BASE
    from lamina.assessment.grading.overrides import read_overrides

    found = read_overrides(pod.workspace.overrides).of((layer, BASE))
    return {"overrides": [one.model_dump(mode="json") for one in found]} if found else {}


def _exam(pod: Pod, layer: str, dataset: ArtifactRef | None) -> list[object]:
    """The layer's questions, and which of them are about what it was trained on."""
    from lamina.assessment.exam.behind import told_apart
    from lamina.assessment.exam.questions import gather_topics

    try:
        topics = [one for one in gather_topics(pod.workspace.prompts) if one.name == layer]
    except NotFoundError:
        return []
    held = {layer: dataset} if dataset and pod.store.holds(dataset) else {}
    apart = told_apart(topics, known_files(pod) if held else (), held, pod.store)
    return [topic.model_dump(mode="json", exclude={"heldout"}) for topic in apart]


@contextmanager
def beside_each_other(pod: Pod, candidates: Sequence[str]) -> Iterator[Path]:
    """A folder of layers for one server: candidates, what serves in their places, all others."""
    from lamina.assessment.exam.blend import serving_name

    with tempfile.TemporaryDirectory(prefix="lamina-judging-") as name:
        folder = Path(name)
        for view in sorted(pod.workspace.adapters_gguf.glob("*.gguf")):
            known = serving_name(view.stem) if view.stem in candidates else view.stem
            if there := _in_place(pod, view) if view.stem in candidates else view.resolve():
                (folder / f"{known}.gguf").symlink_to(there)
        for layer in candidates:
            view = pod.workspace.candidates / f"{layer}.gguf"
            if view.exists():
                (folder / view.name).symlink_to(view.resolve())
        yield folder


def _in_place(pod: Pod, view: Path) -> Path | None:
    """What a candidate is held against: what serves, or served before it if it serves itself."""
    waiting = pod.workspace.candidates / view.name
    if not waiting.exists() or waiting.resolve() != view.resolve():
        return view.resolve()
    before = read_history(pod.workspace.versions, view.stem).before()
    gguf = ArtifactRef(kind=KIND, digest=before) if before else None
    return pod.store.open(gguf) / FILE if gguf and pod.store.holds(gguf) else None


def saved_blends(pod: Pod, candidates: Sequence[str], folder: Path) -> tuple[str, ...]:
    """The saved blends that hold a candidate, written out: they will answer with it."""
    from lamina.assessment.exam.blend import Blend
    from lamina.serving.layers.saved_blends import SavedBlends

    there = {path.stem for path in folder.glob("*.gguf")}
    found = []
    for parts in SavedBlends(pod.workspace.adapters_gguf).all().values():
        blend = Blend(tuple((str(part.layer), part.scale) for part in parts))
        if there.issuperset(blend.layers) and set(candidates).intersection(blend.layers):
            found.append(blend.name)
    return tuple(dict.fromkeys(found))
