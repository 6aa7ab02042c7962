"""Layers and models go from pod to pod through the depot; what came in takes its place."""

import socket
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from lamina.artifacts import ArtifactRef, Manifest
from lamina.errors import LaminaError, NotFoundError
from lamina.fingerprint import stage_key
from lamina.handover import heads as heads_of
from lamina.handover.fetching import Fetched, fetch
from lamina.handover.heads import Head, checked_name
from lamina.handover.link import Link
from lamina.handover.opening import open_link
from lamina.handover.sending import Sent, send
from lamina.stages.models import publish_base
from lamina.stages.pod import Pod
from lamina.stages.taught import names_artifact, take_names
from lamina.stages.versions import (
    Version,
    decisions,
    find_version,
    hold,
    is_decided,
    place_candidate,
    promote,
    rollback,
    versions,
)
from lamina.stages.views import newest_made, served

__all__ = [
    "Version",
    "decisions",
    "find_version",
    "hold",
    "is_decided",
    "place_candidate",
    "promote",
    "rollback",
    "served",
    "versions",
]

BASE = "base"
LAYERS = "layers"
HELD_OUT = "held_out"
TRAINED_AS = "trained_as"  # the key of the training, by which other pods know that it is done


class Pulled(Fetched):
    """What a pull brought, by name."""

    heads: dict[str, Head]


def has_depot(pod: Pod) -> bool:
    """Whether this pod knows of a depot."""
    return bool(pod.settings.store_url)


def place_base(pod: Pod, gguf: ArtifactRef) -> Path:
    """Point `MODEL_PATH` at a base that came in; a file of the owner's is left as it is."""
    return publish_base(pod, gguf, served=True)


def fetch_base(pod: Pod) -> None:
    """Put the base in its place that the depot holds."""
    place_base(pod, pull(pod, [BASE]).heads[BASE].refs["gguf"])


def await_base(pod: Pod, every_s: float = 10.0) -> None:
    """Return once the base is here; where there is a depot, it is looked for there meanwhile."""
    model = pod.workspace.base_gguf(pod.settings)
    said = ""
    while not model.exists():
        why = f"nothing is served until {model} is there"
        if has_depot(pod):
            try:
                fetch_base(pod)
            except LaminaError as error:
                why = f"{why}: {error}"
        if not model.exists():
            if why != said:
                pod.progress.say(why)
            said = why
            time.sleep(every_s)


def pullable(pod: Pod) -> list[str]:
    """The names in the depot that have a place on a pod: layers, and the base."""
    with open_link(pod.settings) as link:
        there = heads_of.names(link)
    return [name for name in there if name == BASE or name.startswith(f"{LAYERS}/")]


def place(pod: Pod, name: str, head: Head) -> None:
    """Put what came in where it is looked for: the base into its place, a new layer in line."""
    gguf = head.refs["gguf"]
    layer = name.removeprefix(f"{LAYERS}/")
    if name == BASE:
        place_base(pod, gguf)
    elif not is_decided(pod, layer, gguf):
        place_candidate(pod, layer, gguf)


def published_heads(
    pod: Pod, layers: Sequence[str] = (), *, base: bool = True
) -> dict[str, dict[str, ArtifactRef]]:
    """The newest versions of this pod, by name and role: what a push hands over.

    Raises:
        NotFoundError: a layer is not exported, or nothing is there to hand over.

    """
    found: dict[str, dict[str, ArtifactRef]] = {}
    views = {path.stem: path for path in sorted(pod.workspace.adapters_gguf.glob("*.gguf"))}
    for layer in layers or views:
        gguf = newest_made(pod, layer)
        if gguf is not None:
            found[f"{LAYERS}/{layer}"] = {"gguf": gguf, **_beside(pod, layer, gguf)}
        elif layers:
            msg = f"{layer} is not exported on this pod; run export_layers first"
            raise NotFoundError(msg)
        else:
            pod.progress.say(f"{views[layer]} is a file of your own: it is not handed over")
    gguf = pod.store.holding(pod.workspace.base_gguf(pod.settings)) if base else None
    if gguf is not None:
        found[BASE] = {"gguf": gguf}
    if not found:
        msg = f"there is nothing to hand over in {pod.workspace.root}; run train_layers first"
        raise NotFoundError(msg)
    return found


def _beside(pod: Pod, layer: str, gguf: ArtifactRef) -> dict[str, ArtifactRef]:
    """What belongs to a layer's file, as far as it is on this pod.

    PEFT, dataset, what its documents are called, parity ladder.
    """
    views = {
        "adapter": pod.store.holding(pod.workspace.adapters_peft / layer),
        "parity": pod.store.holding(pod.workspace.root / "output" / "parity" / layer),
    }
    papers = pod.store.manifest(gguf).facts.get("passport", {})
    if digest := papers.get("dataset"):
        rows = ArtifactRef(kind="dataset", digest=digest)
        if pod.store.holds(rows):
            views |= {"dataset": rows, "names": names_artifact(pod, rows)}
    return {role: ref for role, ref in views.items() if ref and pod.store.holds(ref)}


def push(
    pod: Pod,
    heads: Mapping[str, Mapping[str, ArtifactRef]],
    *,
    facts: Mapping[str, Mapping[str, Any]] | None = None,
    again: bool = False,
) -> Sent:
    """Put artifacts into the depot, then let the names stand for them.

    Raises:
        NotFoundError: an artifact is not in this pod's store.
        BusyError: the link breaks; it says what is still missing.
        InvalidInputError: there is no depot, it is unknown, or it refuses the credentials.

    """
    refs = [ref for name in heads for ref in heads[checked_name(name)].values()]
    with open_link(pod.settings) as link:
        heads_now = [head for name in heads for head in heads_of.newest_of(link, name).values()]
        standing = {ref for head in heads_now for ref in head.refs.values()}
        sent = send(link, pod.store, refs, progress=pod.progress, again=again, standing=standing)
        host = socket.gethostname()
        news = []
        for name, roles in heads.items():
            told = {
                **_held_out(pod, roles),
                **_trained_as(pod, roles),
                **(facts or {}).get(name, {}),
            }
            if heads_of.write(link, name, roles, told, host):
                news.append(name)
    return sent.model_copy(update={"names": tuple(news)})


def _held_out(pod: Pod, roles: Mapping[str, ArtifactRef]) -> dict[str, Any]:
    """Which documents a layer was never trained on: a new pod must go on to hold them out."""
    inputs = pod.store.manifest(roles["dataset"]).inputs if "dataset" in roles else {}
    return {HELD_OUT: inputs[HELD_OUT]} if HELD_OUT in inputs else {}


def _trained_as(pod: Pod, roles: Mapping[str, ArtifactRef]) -> dict[str, Any]:
    """From what, and how, a layer was made: a pod that would do the same need not."""
    made = pod.store.manifest(roles["adapter"]) if "adapter" in roles else None
    return {TRAINED_AS: made_as(made)} if made else {}


def made_as(manifest: Manifest) -> str:
    """The key of what made it."""
    return stage_key(manifest.stage, manifest.stage_version, manifest.inputs)


def pull(pod: Pod, names: Sequence[str] = (), *, roles: Collection[str] = ()) -> Pulled:
    """Take what the names stand for now out of the depot; none = all names, all roles.

    Raises:
        NotFoundError: a name, or an artifact, is not in the depot.
        DamagedError: what the depot holds is not what its digest says.
        BusyError: the link breaks; it says what is still missing.

    """
    with open_link(pod.settings) as link:
        found = _chosen(link, names)
        heads = {
            name: head.model_copy(update={"refs": _of_roles(head.refs, roles)})
            for name, head in found.items()
        }
        refs = [ref for head in heads.values() for ref in head.refs.values()]
        fetched = fetch(link, pod.store, refs, progress=pod.progress)
    for head in heads.values():
        if "names" in head.refs:
            take_names(pod, head.refs["names"])
    return Pulled(**fetched.model_dump(), heads=heads)


def newest_heads(pod: Pod, below: str = "") -> dict[str, Head]:
    """What the names in the depot stand for now: all, or those below one, such as layers."""
    with open_link(pod.settings) as link:
        return heads_of.newest(link, below)


def _chosen(link: Link, names: Sequence[str]) -> dict[str, Head]:
    if not names:
        return heads_of.newest(link)
    chosen: dict[str, Head] = {}
    for name in names:
        below = heads_of.newest(link, checked_name(name))
        if not below and name != LAYERS:  # all layers may be none so far
            names_there = [one for one in heads_of.names(link) if not one.startswith("decisions/")]
            there = ", ".join(names_there) or "nothing so far"
            msg = f"{name} is not in the depot {link.shown}; push it, or choose among: {there}"
            raise NotFoundError(msg)
        chosen |= below
    return chosen


def _of_roles(refs: Mapping[str, ArtifactRef], roles: Collection[str]) -> dict[str, ArtifactRef]:
    return {role: ref for role, ref in refs.items() if not roles or role in roles}
