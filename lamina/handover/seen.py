"""Which heads were read already, so that a look at the depot costs a listing."""

import json
from pathlib import Path

from lamina.store import write_atomically


class Seen:
    """By layer: the newest heads' files, and how many lines this pod could tell then."""

    def __init__(self, path: Path, depot: str | None) -> None:
        self._path, self._depot = path, depot
        try:
            told = json.loads(path.read_bytes())
            self._layers = told["layers"] if told["depot"] == depot else {}
        except (OSError, ValueError, KeyError, TypeError):  # as good as none
            self._layers = {}
        self._before = json.dumps(self._layers)

    def is_known(self, layer: str, files: tuple[str, ...], lines: int) -> bool:
        """Whether neither the depot nor this pod has more than at the last look."""
        return bool(self._layers.get(layer, [[], 0]) == [list(files), lines])

    def note(self, layer: str, files: tuple[str, ...], lines: int) -> None:
        """They are one now."""
        self._layers[layer] = [list(files), lines]

    def save(self) -> None:
        """For the next look."""
        if json.dumps(self._layers) != self._before:
            content = json.dumps({"depot": self._depot, "layers": self._layers})
            write_atomically(self._path, content.encode())
