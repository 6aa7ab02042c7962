"""What this room's builders give, and the sizes that its breaks are measured in."""

from collections.abc import Callable

from lamina.artifacts import ArtifactRef
from lamina.stages.pod import Pod

MakePod = Callable[..., Pod]
MakeLayer = Callable[..., ArtifactRef]
MB = 1 << 20
SIZE = 6 * MB
SLACK = 2.5 * MB  # what was under way when the wire was cut, and SSH's own talk


def impatient(pod: Pod) -> Pod:
    settings = pod.settings.model_copy(update={"store_patience_s": 0.3})
    return Pod(settings, pod.workspace, pod.progress)
