"""A way of making rows, and what rows it makes depend on beside the passage."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lamina.study.passage import Passage
from lamina.study.rows import Dropped, StudyRow


class PutOffError(Exception):
    """A passage cannot be worked on now; the sentence says why. It is tried again another time."""


@dataclass(frozen=True)
class Strategy:
    """One way of making rows of a passage.

    `make` gives the same for the same passage as long as name, version, writer and settings are the
    same: what it gave is kept under them, and not asked for again. It raises PutOffError where it
    cannot give it now.
    """

    name: str
    version: int
    make: Callable[[Passage], Iterable[StudyRow | Dropped]]
    writer: str = "rules"
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def identity(self) -> dict[str, object]:
        """What its rows hang on beside the passage."""
        return {
            "strategy": self.name,
            "version": self.version,
            "writer": self.writer,
            "settings": dict(self.settings),
        }
