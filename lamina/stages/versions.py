"""A layer's versions on this pod: which one serves, which wait, and how to go back."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.errors import NotFoundError
from lamina.handover.versions import Decision, State, read_histories, read_history
from lamina.stages.fleet import bring, deciding
from lamina.stages.pod import Pod
from lamina.stages.views import KIND, drop_candidate, file_of, served, view_of
from lamina.stages.withdrawn import trained_on
from lamina.store import point
from lamina.workspace import checked_layer_name


class Version(BaseModel):
    """One version of a layer."""

    model_config = ConfigDict(frozen=True)

    layer: str
    digest: str
    state: State
    decision: Decision | None
    present: bool
    withdrawn: tuple[str, ...] = Field((), description="documents of its training, gone since")


def is_decided(pod: Pod, layer: str, gguf: ArtifactRef) -> bool:
    """Whether this version was promoted, held or taken back before, or serves now."""
    history = read_history(pod.workspace.versions, checked_layer_name(layer))
    return history.last_word(gguf.digest) is not None or served(pod, layer) == gguf


def place_candidate(pod: Pod, layer: str, gguf: ArtifactRef) -> Path:
    """Point `output/candidates/<layer>.gguf` at a version that waits for its verdict."""
    view = pod.workspace.candidates / f"{checked_layer_name(layer)}.gguf"
    point(view, file_of(pod, layer, gguf))
    return view


def promote(
    pod: Pod, layer: str, gguf: ArtifactRef, why: str, facts: Mapping[str, Any] | None = None
) -> Path:
    """Let a version serve from now on, on every pod.

    Raises:
        NotFoundError: it is neither on this pod nor in the depot.
        MismatchError: it is a version of another layer.
        ResourceError: a file of the owner's has that name.

    """
    bring(pod, checked_layer_name(layer), gguf)
    file_of(pod, layer, gguf)
    with deciding(pod, layer) as one:
        one.decide("promote", gguf.digest, why, facts)
    drop_candidate(pod, layer, gguf)
    return view_of(pod, layer)


def hold(
    pod: Pod, layer: str, gguf: ArtifactRef, why: str, facts: Mapping[str, Any] | None = None
) -> None:
    """Let a version not serve, for a reason; the served one stays.

    One that serves because it was made here, unjudged, gives its place back to the one before.
    """
    with deciding(pod, layer) as one:
        one.decide("hold", gguf.digest, why, facts)
    drop_candidate(pod, layer, gguf)


def keep(pod: Pod, layer: str, gguf: ArtifactRef, why: str, facts: Mapping[str, Any]) -> None:
    """Let a version go on serving that was made here, though it is not proved."""
    with deciding(pod, layer) as one:
        one.decide("keep", gguf.digest, why, facts)
    drop_candidate(pod, layer, gguf)


def rollback(pod: Pod, layer: str, why: str = "asked for") -> ArtifactRef:
    """Let the version serve again that served before; the one taken back stays decided upon.

    Raises:
        NotFoundError: none served before, or it is not on this pod any more.

    """
    with deciding(pod, layer, going_back=True) as one:
        before = one.history.before()
        if before is None:
            msg = f"no earlier version of {layer} served on this pod; `lamina versions` lists all"
            raise NotFoundError(msg)
        gguf = ArtifactRef(kind=KIND, digest=before)
        bring(pod, layer, gguf)
        file_of(pod, layer, gguf)
        one.decide("rollback", before, why)
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
                    withdrawn=tuple(trained_on(pod, history, digest)),
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
