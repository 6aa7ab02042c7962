"""An examination, by the findings' names."""

from lamina.doctor import Finding, examine
from lamina.settings import Settings
from lamina.workspace import Workspace


def examined(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(settings, Workspace(settings))}
