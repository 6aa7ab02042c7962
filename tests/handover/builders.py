"""What this room's builders give, and the sizes that its breaks are measured in."""

import os
import traceback
from collections.abc import Callable, Sequence

from lamina.artifacts import ArtifactRef
from lamina.handover.fetching import Fetched, fetch
from lamina.handover.opening import open_link
from lamina.handover.sending import Sent, send
from lamina.stages.pod import Pod
from lamina.store.lookup import mismatch

MakePod = Callable[..., Pod]
MakeLayer = Callable[..., ArtifactRef]
MB = 1 << 20
SIZE = 6 * MB
SLACK = 2.5 * MB  # what was under way when the wire was cut, and SSH's own talk


def impatient(pod: Pod) -> Pod:
    settings = pod.settings.model_copy(update={"store_patience_s": 0.3})
    return Pod(settings, pod.workspace, pod.progress)


def push_refs(pod: Pod, refs: Sequence[ArtifactRef]) -> Sent:
    """Put artifacts into the depot, under no name."""
    with open_link(pod.settings) as link:
        return send(link, pod.store, refs, progress=pod.progress)


def pull_refs(pod: Pod, refs: Sequence[ArtifactRef]) -> Fetched:
    """Take artifacts out of the depot."""
    with open_link(pod.settings) as link:
        return fetch(link, pod.store, refs, progress=pod.progress)


def is_whole(pod: Pod, ref: ArtifactRef) -> bool:
    """Whether every file has the content that it had when it was made: each is read."""
    return mismatch(pod.store.path(ref), pod.store.manifest(ref)) is None


def at_once(actions: Sequence[Callable[[], object]]) -> list[int]:
    """Exit codes of one process for each action, all begun at one moment.

    Plain forks: multiprocessing's own children end at once where this process had Prefect's
    threads before.
    """
    gate, starter = os.pipe()
    children = [_forked(action, gate, starter) for action in actions]
    os.close(starter)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    os.close(gate)
    return codes


def _forked(action: Callable[[], object], gate: int, starter: int) -> int:
    if child := os.fork():
        return child
    code = 1
    try:
        os.close(starter)
        os.read(gate, 1)  # ends when the parent lets go
        action()
        code = 0
    except BaseException:  # noqa: BLE001 - nothing may leave a child
        traceback.print_exc()
    finally:
        os._exit(code)
