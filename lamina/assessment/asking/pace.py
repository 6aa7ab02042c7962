"""How long asking takes: seconds a cell of each kind, as it goes, and as it went the last time."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from lamina.assessment.exam.asked import Ask, Choose, Find, Read, Request
from lamina.store import write_atomically

_WORDS = {Find: "questions to find a layer for", Ask: "answers", Choose: "choices", Read: "texts"}
_FEWEST = 20  # cells of a kind from which its pace is believed
_MINUTES_FROM_S, _HOURS_FROM_S = 90, 90 * 60


class Pace:
    """Of one base here; how many requests run at a time is part of it."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """What was measured before is read from `path`, and later kept there."""
        self._path, self._clock = path, clock
        self._before = _read(path)
        self._seconds: dict[str, float] = defaultdict(float)
        self._cells: Counter[str] = Counter()
        self._last_s = clock()

    def note(self, found: Iterable[Request]) -> None:
        """These were just answered."""
        now_s = self._clock()
        for kind, count in kinds(found).items():  # requests of one kind go together
            self._seconds[kind] += now_s - self._last_s
            self._cells[kind] += count
        self._last_s = now_s

    def left(self, counts: Mapping[str, int]) -> str:
        """How long so many cells of each kind will take, in words; empty where nobody knows."""
        paces = {kind: self._pace(kind) for kind, count in counts.items() if count}
        known = {kind: pace for kind, pace in paces.items() if pace is not None}
        if len(known) < len(paces):
            return ""
        return in_words(sum(counts[kind] * pace for kind, pace in known.items()))

    def keep(self) -> None:
        """Remember what was measured, for the next run's first word."""
        measured = {kind: self._pace(kind) for kind in self._cells}
        after = self._before | {kind: pace for kind, pace in measured.items() if pace is not None}
        if after != self._before:
            write_atomically(self._path, json.dumps(after).encode())

    def _pace(self, kind: str) -> float | None:
        if self._cells[kind] >= _FEWEST:
            return self._seconds[kind] / self._cells[kind]
        return self._before.get(kind)


def kinds(requests: Iterable[Request]) -> Counter[str]:
    """How many there are of each kind, in words."""
    return Counter(_WORDS[type(one)] for one in requests)


def in_words(seconds: float) -> str:
    """About how long, such as 12 minutes."""
    if seconds < _MINUTES_FROM_S:
        return f"{max(1, round(seconds))} s"
    if seconds < _HOURS_FROM_S:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"


def _read(path: Path) -> dict[str, float]:
    """What is kept there; nothing where it cannot be read."""
    try:
        return {str(kind): float(pace) for kind, pace in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
