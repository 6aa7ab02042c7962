"""Where stages run: settings, workspace, and where progress is told."""

from dataclasses import dataclass

from lamina.progress import Progress
from lamina.settings import Settings
from lamina.store import Store
from lamina.workspace import Workspace


@dataclass(frozen=True)
class Pod:
    """Settings, workspace and where progress is told."""

    settings: Settings
    workspace: Workspace
    progress: Progress

    @property
    def store(self) -> Store:
        """The workspace's store."""
        return self.workspace.store
