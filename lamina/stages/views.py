"""What the link of a layer's name stands for on this pod, and what puts it there."""

import getpass
import socket
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError, MismatchError, NotFoundError
from lamina.handover.versions import History, OpenHistory, open_history, read_history
from lamina.stages.pod import Pod
from lamina.store import point
from lamina.workspace import checked_layer_name

KIND, FILE = "lora-gguf", "adapter.gguf"


def view_of(pod: Pod, layer: str) -> Path:
    """Where the server finds a layer."""
    return pod.workspace.adapters_gguf / f"{checked_layer_name(layer)}.gguf"


def served(pod: Pod, layer: str) -> ArtifactRef | None:
    """The version that the view of a layer stands for."""
    return pod.store.holding(view_of(pod, layer))


def file_of(pod: Pod, layer: str, gguf: ArtifactRef) -> Path:
    """The version's file, if it is this layer's.

    Raises:
        NotFoundError: it is not on this pod.
        MismatchError: it is a version of another layer.

    """
    folder = pod.store.open(gguf)
    said = pod.store.manifest(gguf).facts.get("passport", {}).get("layer")
    if gguf.kind != KIND or said != layer:
        msg = f"{gguf} is no version of {layer} but of {said or 'no layer'}; choose another"
        raise MismatchError(msg)
    return folder / FILE


def show(pod: Pod, layer: str, history: History) -> ArtifactRef | None:
    """Let the view stand for what is to serve by the history; the version, None where none is.

    Of versions that are gone from this pod, the one before.

    Raises:
        ResourceError: a file of the owner's stands there; it stays.

    """
    for digest in reversed(history.served()):
        gguf = ArtifactRef(kind=KIND, digest=digest)
        try:
            file = file_of(pod, layer, gguf)
        except (NotFoundError, DamagedError):
            continue
        point(view_of(pod, layer), file)
        return gguf
    if served(pod, layer):
        view_of(pod, layer).unlink(missing_ok=True)
    return None


def note_found(pod: Pod, layer: str, one: OpenHistory) -> None:
    """What the view stands for may have been put there by hand, or by a Lamina that noted less."""
    now = served(pod, layer)
    if now and one.history.served()[-1:] != [now.digest]:
        one.note(one.line("found", now.digest, "it served before"))


def serve_made(pod: Pod, layer: str, gguf: ArtifactRef) -> None:
    """Let a version serve that was made here, unless somebody decided that it does not."""
    file = file_of(pod, layer, gguf)
    with open_history(pod.workspace.versions, checked_layer_name(layer)) as one:
        note_found(pod, layer, one)
        match one.history.state(gguf.digest):
            case "served":
                point(view_of(pod, layer), file)
            case "candidate" | "earlier":
                point(view_of(pod, layer), file)
                one.note(one.line("train", gguf.digest, "made here; not judged", by=who()))
            case state:
                start = gguf.digest[:12]
                told = f"{layer}: version {start} is {state}, and does not serve"
                pod.progress.say(f"{told}; `lamina promote {layer} {start}` lets it")


def newest_made(pod: Pod, layer: str) -> ArtifactRef | None:
    """The version that was made here last, unless it was taken back; else the one that serves.

    One that others held, so that it does not serve here either, is still this pod's newest.
    """
    history = read_history(pod.workspace.versions, checked_layer_name(layer))
    for one in reversed(history.decisions):
        if one.action == "train":
            gguf = ArtifactRef(kind=KIND, digest=one.digest)
            if history.state(one.digest) == "rolled back" or not pod.store.path(gguf).is_dir():
                break
            return gguf if history.state(one.digest) != "stopped" else None
    return served(pod, layer)


def drop_candidate(pod: Pod, layer: str, gguf: ArtifactRef) -> None:
    """It waits no more."""
    view = pod.workspace.candidates / f"{layer}.gguf"
    if pod.store.holding(view) == gguf:
        view.unlink(missing_ok=True)


def who() -> str:
    """Who decides here: user@machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
