"""The smallest stage there is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamina.store import Stage

STAGE = Stage("weigh", 1)


class Scale:
    """A stage body that counts how often it ran."""

    def __init__(self, text: str = "12 kg") -> None:
        self.text = text
        self.runs = 0

    def __call__(self, folder: Path) -> Mapping[str, Any]:
        self.runs += 1
        (folder / "weight.txt").write_text(self.text)
        return {"unit": "kg"}
