"""Documents that may not feed a layer any more: known from its history, kept out of the corpus."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import document_files
from lamina.handover.versions import Decision, History, read_histories
from lamina.stages.pod import Pod
from lamina.workspace import fed_layer


def withdrawn(pod: Pod) -> dict[tuple[str, str], Decision]:
    """(layer, digest) of each, with who said so and why."""
    return {
        (layer, digest): one
        for layer, history in read_histories(pod.workspace.versions).items()
        for digest, one in history.withdrawn().items()
    }


def name_of(one: Decision) -> str:
    """What the document was called."""
    return str(one.facts.get("name") or one.digest[:12])


def files_of(pod: Pod) -> Iterator[tuple[str, Path]]:
    """Layer and path of each document in inbox and archive."""
    for root in (pod.workspace.raw_pdfs, pod.workspace.archive):
        for path in document_files(root):
            yield fed_layer(root, path), path


def set_aside(pod: Pod) -> list[str]:
    """Move what is withdrawn out of inbox and archive, into `data/withdrawn/`; the files' names."""
    gone = withdrawn(pod)
    if not gone:
        return []
    layers = {layer for layer, _ in gone}
    moved = []
    for layer, path in list(files_of(pod)):
        one = gone.get((layer, pod.workspace.digests(path))) if layer in layers else None
        if one is None:
            continue
        target = pod.workspace.withdrawn / layer / f"{one.digest[:8]}-{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        moved.append(f"{layer}/{path.name}")
        pod.progress.say(
            f"{layer}/{path.name} was withdrawn by {one.by} on {one.time:%Y-%m-%d}: it lies in "
            f"{target.parent} now, and feeds no layer"
        )
    return moved


def trained_on(pod: Pod, history: History, version: str) -> list[str]:
    """Names of the withdrawn documents that a version was trained on, as far as it is here."""
    gone = history.withdrawn()
    return sorted(name_of(gone[digest]) for digest in gone.keys() & documents_of(pod, version))


def documents_of(pod: Pod, version: str) -> set[str]:
    """Digests of what a version was trained on, by its passport; none where it is not here."""
    ref = ArtifactRef(kind="lora-gguf", digest=version)
    if not pod.store.path(ref).is_dir():
        return set()
    return set(pod.store.manifest(ref).facts.get("passport", {}).get("documents", ()))
