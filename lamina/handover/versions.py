"""Which version of a layer serves, which served before, and why: one line a decision.

The view `<layer>.gguf` says what serves; the history says how that came about and what may follow.
The view is flipped first and noted afterwards. Whoever is killed in between does the same again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lamina.errors import DamagedError
from lamina.store import alone, write_atomically

Action = Literal["found", "promote", "hold", "rollback"]
State = Literal["served", "candidate", "earlier", "held", "rolled back"]


class Decision(BaseModel):
    """What was decided about a version of a layer."""

    model_config = ConfigDict(frozen=True)

    time: datetime
    action: Action = Field(
        description="found: it served before anything was noted; rollback: it serves again"
    )
    digest: str = Field(description="of the artifact that holds the file")
    why: str
    facts: dict[str, Any] = {}


class History:
    """The decisions about one layer, the oldest first."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self.decisions = tuple(decisions)

    def served(self) -> list[str]:
        """The versions that took each other's place, without those taken back; the last serves."""
        stack: list[str] = []
        for one in self.decisions:
            if one.action == "rollback":
                while stack and stack[-1] != one.digest:
                    stack.pop()
            elif one.action != "hold":
                stack = [*(digest for digest in stack if digest != one.digest), one.digest]
        return stack

    def before(self) -> str | None:
        """The version that a rollback brings back."""
        stack = self.served()
        return stack[-2] if len(stack) > 1 else None

    def last_word(self, digest: str) -> Decision | None:
        """The decision that counts for a version; for one that was taken back, the rollback."""
        found = None
        serving = ""
        for one in self.decisions:
            if one.digest == digest or (one.action == "rollback" and serving == digest):
                found = one
            if one.action != "hold":
                serving = one.digest
        return found

    def state(self, digest: str) -> State:
        """What a version is."""
        stack = self.served()
        if digest in stack:
            return "served" if digest == stack[-1] else "earlier"
        match self.last_word(digest):
            case None:
                return "candidate"
            case Decision(action="hold"):
                return "held"
            case _:
                return "rolled back"

    def digests(self) -> list[str]:
        """Every version that was decided upon, the latest first."""
        return list(dict.fromkeys(one.digest for one in reversed(self.decisions)))


def read_history(folder: Path, layer: str) -> History:
    """What was decided about a layer.

    Raises:
        DamagedError: a line cannot be read.

    """
    path = folder / f"{layer}.jsonl"
    if not path.exists():
        return History(())
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return History([Decision.model_validate_json(line) for line in lines])
    except ValidationError as broken:
        msg = f"{path} holds a line that is no decision; correct it, or move the file away"
        raise DamagedError(msg) from broken


def read_histories(folder: Path) -> dict[str, History]:
    """Every layer's history, by name."""
    return {path.stem: read_history(folder, path.stem) for path in sorted(folder.glob("*.jsonl"))}


class OpenHistory:
    """A history that nobody else changes meanwhile."""

    def __init__(self, path: Path, history: History) -> None:
        self._path = path
        self.history = history

    def note(
        self, action: Action, digest: str, why: str, facts: Mapping[str, Any] | None = None
    ) -> None:
        """Add a decision; it is on the disk when this returns."""
        one = Decision(
            time=datetime.now(UTC), action=action, digest=digest, why=why, facts=dict(facts or {})
        )
        self.history = History((*self.history.decisions, one))
        lines = (f"{known.model_dump_json()}\n" for known in self.history.decisions)
        write_atomically(self._path, "".join(lines).encode())


@contextmanager
def open_history(folder: Path, layer: str) -> Iterator[OpenHistory]:
    """A layer's history, locked until the end of the block."""
    with alone(folder / f".{layer}.lock"):
        yield OpenHistory(folder / f"{layer}.jsonl", read_history(folder, layer))
