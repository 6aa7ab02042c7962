"""What layers were taught, as far as this pod knows: their datasets, and their documents' names."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamina.artifacts import ArtifactRef
from lamina.corpus.known_names import Named, known_names, remember_names
from lamina.gguf import read_header
from lamina.passport import Passport
from lamina.stages.pod import Pod
from lamina.store import Stage

if TYPE_CHECKING:
    from lamina.assessment.exam.behind import KnownFile

NAMES = Stage("document_names", 1)
_NAMES_FILE = "names.json"


def dataset_of(pod: Pod, layer: Path) -> ArtifactRef | None:
    """What the layer of this GGUF file was trained on, if this pod holds it."""
    papers = Passport.from_gguf(read_header(layer))
    if papers is None or papers.dataset is None:
        return None
    ref = ArtifactRef(kind="dataset", digest=papers.dataset)
    return ref if pod.store.holds(ref) else None


def datasets_of(pod: Pod, folder: Path) -> dict[str, ArtifactRef]:
    """The same of every layer in a folder, by name."""
    found = {view.stem: dataset_of(pod, view) for view in sorted(folder.glob("*.gguf"))}
    return {layer: ref for layer, ref in found.items() if ref}


def known_files(pod: Pod) -> "tuple[KnownFile, ...]":
    """What the documents of this pod are or were called."""
    from lamina.assessment.exam.behind import KnownFile

    return tuple(KnownFile(**name._asdict()) for name in sorted(known_names(pod.workspace)))


def names_artifact(pod: Pod, dataset: ArtifactRef) -> ArtifactRef | None:
    """What a dataset's documents are called, to be handed over; none where nobody knows."""
    documents = set(pod.store.manifest(dataset).facts.get("documents", ()))
    names = sorted(one for one in known_names(pod.workspace) if one.digest in documents)
    if not names:
        return None

    def make(draft: Path) -> Mapping[str, Any]:
        (draft / _NAMES_FILE).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        return {"names": len(names)}

    return pod.store.once("names", NAMES, {"names": [list(one) for one in names]}, make)


def take_names(pod: Pod, ref: ArtifactRef) -> None:
    """Remember names that were handed over."""
    told = json.loads((pod.store.open(ref) / _NAMES_FILE).read_bytes())
    remember_names(pod.workspace, (Named(*entry) for entry in told))
