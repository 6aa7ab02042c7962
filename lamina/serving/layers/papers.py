"""What the last report and the exams say of layers, for people who look at the playground.

What is not there, or cannot be read, is left out: no answer hangs on it.
"""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lamina.serving.layers.files import Stamp, stamp_of

_EXAMPLES = 3
_LONGEST = 200  # signs of a question that is shown
_READ_BYTES = 65_536  # of a file of questions


@dataclass
class Papers:
    """Where the report stands, and the exams, a file a layer. Thread-safe."""

    folder: Path  # report.html, summary.json
    questions: Path
    _stamp: Stamp | None = None
    _verdicts: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def report(self) -> Path:
        """The report, for a browser."""
        return self.folder / "report.html"

    def verdict(self, layer: str, digest: str) -> dict[str, str] | None:
        """The last report's word on this very version, why, and when; None where it has none."""
        summary = self.folder / "summary.json"
        try:
            stamp = stamp_of(summary.stat())
            with self._lock:
                if stamp != self._stamp:
                    self._verdicts = _verdicts(json.loads(summary.read_bytes()))
                    self._stamp = stamp
                return self._verdicts.get((layer, digest))
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def examples(self, layer: str) -> list[str]:
        """The first questions of its exam."""
        try:
            with (self.questions / f"{layer}.jsonl").open("rb") as file:
                lines = file.read(_READ_BYTES).splitlines()
        except OSError:
            return []
        found: list[str] = []
        for line in lines:
            try:
                asked = json.loads(line)["question"]
            except (ValueError, LookupError, TypeError):
                continue
            if isinstance(asked, str) and len(asked) <= _LONGEST:
                found.append(asked)
            if len(found) == _EXAMPLES:
                break
        return found


def _verdicts(summary: dict[str, Any]) -> dict[tuple[str, str], dict[str, str]]:
    digests = summary["layers"]
    return {
        (one["name"], digests[one["name"]]): {
            "word": one["verdict"]["word"],
            "why": one["verdict"]["why"],
            "made": summary["made"],
        }
        for one in summary["worths"]
        if one["name"] in digests
    }
