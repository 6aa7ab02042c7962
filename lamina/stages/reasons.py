"""Why a layer is due: what differs between the published one and the one that would be trained."""

from typing import Any

from lamina.artifacts import ArtifactRef, Manifest
from lamina.stages.pod import Pod
from lamina.training.order import LayerOrder

NEW = "new layer"


def _documents(pod: Pod, dataset: ArtifactRef) -> set[str]:
    return set(pod.store.manifest(dataset).facts["documents"])


def new_documents(pod: Pod, order: LayerOrder, published: Manifest | None) -> list[str]:
    """Digests of what the published layer was not trained on."""
    known = set(published.facts["passport"]["documents"]) if published else set()
    return sorted(_documents(pod, order.dataset) - known)


def reasons(
    pod: Pod, order: LayerOrder, published: Manifest | None, files: dict[str, str]
) -> list[str]:
    """What differs between the published layer and the one that would be trained."""
    if published is None:
        return [NEW]
    before = published.facts
    passport, used = before["passport"], _documents(pod, order.dataset)
    if passport.get("parents"):
        return ["what serves under this name was folded from a blend"]
    found = []
    if new := sorted(
        files.get(digest, digest[:12]) for digest in used.difference(passport["documents"])
    ):
        found.append(f"new documents: {', '.join(new)}")
    if gone := set(passport["documents"]) - used:
        found.append(f"{len(gone)} documents gone")
    if passport["base_digest"] != order.base.digest:
        found.append(f"new base: {order.base.name}, before {passport['base_name']}")
    found += _changes(before["profile"], order.profile.model_dump(mode="json"))
    if before["trained_as"]["seed"] != order.seed:
        found.append(f"seed {before['trained_as']['seed']} -> {order.seed}")
    if not found and passport["dataset"] != order.dataset.digest:
        found.append("the same documents give other rows: chunk size or reading changed")
    found += _mixed_otherwise(before, order)
    return found or ["trained by an older recipe"]


def _mixed_otherwise(before: dict[str, Any], order: LayerOrder) -> list[str]:
    """What is trained on beside the layer's own text, and is no more what it was."""
    told = {"general": "other general rows", "study": "other study rows"}
    told |= {"teacher": "another teacher", "replay": "other answers of the base's own"}
    mix = order.mix.wanted(order.profile)
    now = {name: ref.digest if ref else None for name, ref in mix}
    return [said for name, said in told.items() if before.get(name) != now[name]]


def _changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    if before.get("name") != now["name"]:
        return [f"preset {before.get('name')} -> {now['name']}"]
    return [
        f"{name} {before.get(name, 'unset')} -> {value}"
        for name, value in now.items()
        if name not in before or before[name] != value
    ]
