"""What is published beside the corpus's own layers: levels and folded blends, and how they stand.

`train_layers` makes neither; its plan tells of them, so that nobody takes an old one for new.
"""

from collections.abc import Collection, Mapping

from lamina.artifacts import ArtifactRef
from lamina.passport import Passport
from lamina.stages import layers
from lamina.stages.pod import Pod
from lamina.workspace import LEVELS


def beside(pod: Pod, datasets: Mapping[str, ArtifactRef]) -> dict[str, str]:
    """Name to sentence, for every published layer that has no dataset of its own among these."""
    corpus = {
        digest for ref in datasets.values() for digest in pod.store.manifest(ref).facts["documents"]
    }
    manifests = {name: layers.published_manifest(pod, name) for name in pod.workspace.trained()}
    papers = {
        name: Passport.model_validate(manifest.facts["passport"])
        for name, manifest in manifests.items()
        if manifest and name not in datasets
    }
    current = {name: manifest.digest for name, manifest in manifests.items() if manifest}
    return {name: _sentence(name, one, corpus, current) for name, one in papers.items()}


def _sentence(
    name: str, papers: Passport, corpus: Collection[str], current: Mapping[str, str]
) -> str:
    if papers.parents:
        return _of_blend(papers, current)
    if name not in LEVELS:
        return "no document of it is here any more; it stays as it is"
    new, gone = len({*corpus} - {*papers.documents}), len({*papers.documents} - {*corpus})
    changes = [f"{count} {what}" for count, what in ((new, "new"), (gone, "gone")) if count]
    return (
        f"level of the whole corpus; {' and '.join(changes)} since: train it again with train_all"
        if changes
        else "level of the whole corpus, up to date"
    )


def _of_blend(papers: Passport, current: Mapping[str, str]) -> str:
    parts = [parent.rpartition("@") for parent in papers.parents]
    blend = "+".join(part for part, _, _ in parts)
    changed = [
        part.rpartition(":")[0]
        for part, _, digest in parts
        if current.get(part.rpartition(":")[0]) != digest
    ]
    if changed:
        return f"folded from {blend}; {', '.join(changed)} changed since: fold it again"
    return f"folded from {blend}, up to date"
