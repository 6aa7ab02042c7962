"""What this room's builders give, and the sizes that its breaks are measured in."""

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
