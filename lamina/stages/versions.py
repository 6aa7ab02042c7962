"""A layer's versions on this pod: which one serves, which wait, and how to go back."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from lamina.artifacts import ArtifactRef
from lamina.errors import MismatchError, NotFoundError
from lamina.handover.versions import (
    Decision,
    OpenHistory,
    State,
    open_history,
    read_histories,
    read_history,
)
from lamina.stages.pod import Pod
from lamina.store import point
from lamina.workspace import checked_layer_name

KIND, FILE = "lora-gguf", "adapter.gguf"


class Version(BaseModel):
    """One version of a layer."""

    model_config = ConfigDict(frozen=True)

    layer: str
    digest: str
    state: State
    decision: Decision | None
    present: bool


def served(pod: Pod, layer: str) -> ArtifactRef | None:
    """The version that the view of a layer stands for."""
    return pod.store.holding(_view(pod, layer))


def is_decided(pod: Pod, layer: str, gguf: ArtifactRef) -> bool:
    """Whether this version was promoted, held or taken back before, or serves now."""
    history = read_history(pod.workspace.versions, checked_layer_name(layer))
    return history.last_word(gguf.digest) is not None or served(pod, layer) == gguf


def place_candidate(pod: Pod, layer: str, gguf: ArtifactRef) -> Path:
    """Point `output/candidates/<layer>.gguf` at a version that waits for its verdict."""
    view = pod.workspace.candidates / f"{checked_layer_name(layer)}.gguf"
    point(view, _file(pod, layer, gguf))
    return view


def promote(
    pod: Pod, layer: str, gguf: ArtifactRef, why: str, facts: Mapping[str, Any] | None = None
) -> Path:
    """Let a version serve from now on.

    Raises:
        NotFoundError: it is not on this pod.
        MismatchError: it is a version of another layer.

    """
    file = _file(pod, layer, gguf)
    with open_history(pod.workspace.versions, checked_layer_name(layer)) as open_one:
        _note_found(pod, layer, open_one)
        point(_view(pod, layer), file)
        open_one.note("promote", gguf.digest, why, facts)
    _drop_candidate(pod, layer, gguf)
    return _view(pod, layer)


def hold(
    pod: Pod, layer: str, gguf: ArtifactRef, why: str, facts: Mapping[str, Any] | None = None
) -> None:
    """Let a version not serve, for a reason; the served one stays."""
    with open_history(pod.workspace.versions, checked_layer_name(layer)) as open_one:
        _note_found(pod, layer, open_one)
        open_one.note("hold", gguf.digest, why, facts)
    _drop_candidate(pod, layer, gguf)


def rollback(pod: Pod, layer: str, why: str = "asked for") -> ArtifactRef:
    """Let the version serve again that served before; the one taken back stays decided upon.

    Raises:
        NotFoundError: none served before, or it is not on this pod any more.

    """
    with open_history(pod.workspace.versions, checked_layer_name(layer)) as open_one:
        now = served(pod, layer)
        if now is None or now.digest != open_one.history.before():  # else: killed before it noted
            _note_found(pod, layer, open_one)
        before = open_one.history.before()
        if before is None:
            msg = f"no earlier version of {layer} served on this pod; `lamina versions` lists all"
            raise NotFoundError(msg)
        gguf = ArtifactRef(kind=KIND, digest=before)
        point(_view(pod, layer), _file(pod, layer, gguf))
        open_one.note("rollback", before, why)
    return gguf


def decisions(pod: Pod, layer: str) -> list[Decision]:
    """What was decided about a layer, the oldest first."""
    return list(read_history(pod.workspace.versions, checked_layer_name(layer)).decisions)


def versions(pod: Pod, layers: Sequence[str] = ()) -> list[Version]:
    """The versions of the layers (none = all): what serves, what waits, then the latest first.

    Raises:
        NotFoundError: a layer has no version on this pod.

    """
    histories = read_histories(pod.workspace.versions)
    found: list[Version] = []
    for layer in layers or sorted({*histories, *_names(pod)}):
        history = read_history(pod.workspace.versions, checked_layer_name(layer))
        now = served(pod, layer)
        waiting = pod.store.holding(pod.workspace.candidates / f"{layer}.gguf")
        shown = [ref.digest for ref in (now, waiting) if ref]
        if not shown and not history.decisions:
            msg = f"there is no version of {layer} on this pod; train it, or pull it"
            raise NotFoundError(msg)
        for digest in dict.fromkeys([*shown, *history.digests()]):
            ref = ArtifactRef(kind=KIND, digest=digest)
            found.append(
                Version(
                    layer=layer,
                    digest=digest,
                    state="served" if ref == now else history.state(digest),
                    decision=history.last_word(digest),
                    present=pod.store.path(ref).is_dir(),  # a look is no use of it
                )
            )
    return found


def find_version(pod: Pod, layer: str, start: str = "") -> ArtifactRef:
    """The version whose digest begins so; none = the one that waits.

    Raises:
        NotFoundError: there is none, or more than one.

    """
    known = versions(pod, [layer])
    found = [
        one
        for one in known
        if (one.digest.startswith(start) if start else one.state == "candidate")
    ]
    if len(found) != 1:
        wanted = f"version {start} of {layer}" if start else f"version of {layer} that waits"
        how_many = "more than one" if found else "no"
        msg = f"there is {how_many} {wanted}; `lamina versions {layer}` lists all"
        raise NotFoundError(msg)
    return ArtifactRef(kind=KIND, digest=found[0].digest)


def _names(pod: Pod) -> set[str]:
    folders = (pod.workspace.adapters_gguf, pod.workspace.candidates)
    return {path.stem for folder in folders for path in folder.glob("*.gguf")}


def _view(pod: Pod, layer: str) -> Path:
    return pod.workspace.adapters_gguf / f"{checked_layer_name(layer)}.gguf"


def _file(pod: Pod, layer: str, gguf: ArtifactRef) -> Path:
    """The version's file, if it is this layer's."""
    folder = pod.store.open(gguf)
    said = pod.store.manifest(gguf).facts.get("passport", {}).get("layer")
    if gguf.kind != KIND or said != layer:
        msg = f"{gguf} is no version of {layer} but of {said or 'no layer'}; choose another"
        raise MismatchError(msg)
    return folder / FILE


def _note_found(pod: Pod, layer: str, open_one: OpenHistory) -> None:
    """What the view stands for may have been put there by training on this very pod."""
    now = served(pod, layer)
    stack = open_one.history.served()
    if now and stack[-1:] != [now.digest]:
        open_one.note("found", now.digest, "it served before")


def _drop_candidate(pod: Pod, layer: str, gguf: ArtifactRef) -> None:
    view = pod.workspace.candidates / f"{layer}.gguf"
    if pod.store.holding(view) == gguf:
        view.unlink(missing_ok=True)
