"""The types of this room's builders."""

from collections.abc import Callable

from lamina.artifacts import ArtifactRef
from lamina.stages.pod import Pod

MakePod = Callable[..., Pod]
MakeLayer = Callable[..., ArtifactRef]
