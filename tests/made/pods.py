"""A pod on a workspace of the test's own, and progress that keeps what it is told."""

from pathlib import Path

from lamina import settings
from lamina.progress import Progress, Silent
from lamina.stages.pod import Pod
from lamina.workspace import Workspace


def pod_on(
    workspace: Path, base: Path | str | None = None, told: Progress | None = None, **chosen: object
) -> Pod:
    """One that computes on one thread, and says nothing unless `told` hears it."""
    if base is not None:
        chosen["base_model"] = base
    found = settings.load(workspace=workspace, **{"n_threads": 1, **chosen})
    return Pod(found, Workspace(found).make(), told or Silent())


class Told(Silent):
    """What was said and shown."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.notes: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def advance(self, done: int, note: str = "") -> None:
        self.notes.append(f"{done} {note}")
