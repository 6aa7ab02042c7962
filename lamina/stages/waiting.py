"""Which documents of this pod no version of their layer was trained on yet.

Told from names, and from digests that are known already: no document is read or hashed for it.
"""

import json
from collections import defaultdict
from contextlib import suppress

from lamina.artifacts import ArtifactRef
from lamina.corpus.documents import document_files
from lamina.corpus.view import PRETEST_VIEW
from lamina.errors import InvalidInputError, LaminaError
from lamina.handover.versions import read_history
from lamina.stages.costs import waiting_or_served
from lamina.stages.layers import published_manifest
from lamina.stages.pod import Pod
from lamina.stages.views import KIND
from lamina.workspace import checked_layer_name, fed_layer

_SHOWN = 3  # names of files in a sentence


def waiting(pod: Pod) -> dict[str, str]:
    """Layer to a sentence, for each with documents in the inbox that it was not trained on."""
    files: dict[str, dict[str, str]] = defaultdict(dict)
    inbox = pod.workspace.raw_pdfs
    for path in document_files(inbox):
        with suppress(OSError):
            files[fed_layer(inbox, path)][path.name] = pod.workspace.digests.known(path) or ""
    refused = _refused(pod)
    found = {}
    for layer, there in sorted(files.items()):
        known = _trained_on(pod, layer) | refused
        if new := sorted(name for name, digest in there.items() if digest not in known):
            found[layer] = _sentence(layer, new)
    return found


def _sentence(layer: str, names: list[str]) -> str:
    try:
        checked_layer_name(layer)
    except InvalidInputError as odd:
        return str(odd)
    told = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    count = f"{len(names)} document{'s' if len(names) > 1 else ''}"
    return f"{count} that no version was trained on: {told}"


def _trained_on(pod: Pod, layer: str) -> set[str]:
    """Documents of all versions that this pod knows, whatever became of them."""
    refs = [ref for name, ref in waiting_or_served(pod) if name == layer]
    history = read_history(pod.workspace.versions, layer)
    refs += [ArtifactRef(kind=KIND, digest=digest) for digest in history.digests()]
    manifests = [published_manifest(pod, layer)]
    for ref in refs:
        with suppress(LaminaError):
            manifests.append(pod.store.manifest(ref))
    return {
        digest
        for manifest in manifests
        if manifest
        for digest in manifest.facts.get("passport", {}).get("documents", ())
    }


def _refused(pod: Pod) -> set[str]:
    """Documents that the last pretest would not take under any name."""
    try:
        rows = json.loads((pod.workspace.processed / PRETEST_VIEW).read_bytes())
    except (OSError, ValueError):
        return set()
    taken = {str(row["sha256"]) for row in rows if row["recommended"]}
    return {str(row["sha256"]) for row in rows} - taken
