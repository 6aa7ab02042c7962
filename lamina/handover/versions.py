"""Which version of a layer serves, which served before, and why: one line a decision.

The view `<layer>.gguf` says what serves; the history says how that came about and what may follow.
The view is flipped first and noted afterwards. Whoever is killed in between does the same again.

Lines of several pods are put into one order, the same on every pod: by a sequence number, one more
than the highest that its writer knew, and not by clocks; those alone decide between two that were
written at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError
from lamina.store import alone, write_atomically

Action = Literal[
    "found", "train", "keep", "promote", "hold", "rollback", "stop", "withdraw", "restore"
]
State = Literal[
    "served", "candidate", "earlier", "held", "waiting for approval", "rolled back", "stopped"
]
UNJUDGED = ("found", "train")
_OF_ONE_POD = (*UNJUDGED, "keep")  # no other pod is told
_DOCUMENTS = ("withdraw", "restore")
WAITS = "waits"  # among the facts of a hold: for what


class Decision(BaseModel):
    """What was decided about a version of a layer, or about a document that fed it."""

    model_config = ConfigDict(frozen=True)

    time: datetime
    action: Action = Field(
        description="found: it served before anything was noted; train: it was made here, and "
        "serves unjudged; keep: it serves on, since nothing is known against it; rollback: it "
        "serves again; stop: it serves no more; withdraw and restore: a document"
    )
    digest: str = Field(description="of the artifact that holds the file; of a document")
    why: str
    facts: dict[str, Any] = {}
    sequence: int = Field(0, ge=0, description="0 = of a Lamina that did not count")
    by: str = Field("", description="user@machine")
    refs: dict[str, ArtifactRef] = Field({}, description="role to what a pod needs of the version")

    @property
    def is_shared(self) -> bool:
        """Whether every pod is to know."""
        return self.action not in _OF_ONE_POD

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it this line and no other."""
        return (self.sequence, self.time, self.action, self.digest, self.by)

    @property
    def order(self) -> tuple[Any, ...]:
        """Its place among the lines of all pods; what one pod did by itself gives way."""
        return (self.sequence, bool(self.sequence) and self.is_shared, *self.key[1:])


class History:
    """The decisions about one layer, the oldest first."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self.decisions = tuple(decisions)

    def served(self) -> list[str]:
        """The versions that took each other's place, without those taken back; the last serves."""
        steps = [stack for _, stack in self._steps()]
        return steps[-1] if steps else []

    def _steps(self) -> Iterator[tuple[Decision, list[str]]]:
        """Each decision about a version, with the stack after it."""
        stack: list[str] = []
        judged: set[str] = set()
        for one in self.decisions:
            if one.action in _DOCUMENTS:
                continue
            others = [digest for digest in stack if digest != one.digest]
            match one.action:
                case "rollback" if one.digest in stack:
                    stack = stack[: stack.index(one.digest) + 1]
                case "stop":
                    stack = others
                case "hold":  # one that was promoted goes on serving
                    stack = stack if one.digest in judged else others
                case _:
                    stack = [*others, one.digest]
            if one.action in {"promote", "rollback"}:
                judged.add(one.digest)
            yield one, stack

    def before(self) -> str | None:
        """The version that a rollback brings back."""
        stack = self.served()
        return stack[-2] if len(stack) > 1 else None

    def has_proved(self) -> bool:
        """Whether a version serves, or could serve again, that somebody has promoted."""
        chosen = {one.digest for one in self.decisions if one.action in {"promote", "rollback"}}
        return not chosen.isdisjoint(self.served())

    def last_word(self, digest: str) -> Decision | None:
        """The decision that counts for a version; for one that was taken back, the rollback."""
        found = None
        serving: list[str] = []
        for one, stack in self._steps():
            if one.digest == digest or (one.action == "rollback" and serving == [digest]):
                found = one
            serving = stack[-1:]
        return found

    def state(self, digest: str) -> State:
        """What a version is."""
        stack = self.served()
        if digest in stack:
            return "served" if digest == stack[-1] else "earlier"
        match self.last_word(digest):
            case None:
                return "candidate"
            case Decision(action="hold", facts=facts):
                return "waiting for approval" if facts.get(WAITS) == "approval" else "held"
            case Decision(action="stop"):
                return "stopped"
            case _:
                return "rolled back"

    def digests(self) -> list[str]:
        """Every version that was decided upon, the latest first."""
        versions = (one for one in reversed(self.decisions) if one.action not in _DOCUMENTS)
        return list(dict.fromkeys(one.digest for one in versions))

    def withdrawn(self) -> dict[str, Decision]:
        """The documents that may not feed the layer, by digest."""
        found: dict[str, Decision] = {}
        for one in self.decisions:
            if one.action == "withdraw":
                found[one.digest] = one
            elif one.action == "restore":
                found.pop(one.digest, None)
        return found

    def shared(self) -> list[Decision]:
        """The lines that every pod is to know."""
        return [one for one in self.decisions if one.is_shared]

    def with_lines(self, lines: Iterable[Decision]) -> "History":
        """With those of other pods, each line once, in the order that all pods give them."""
        known = {one.key: one for one in (*lines, *self.decisions)}  # our own say more
        return History(sorted(known.values(), key=lambda one: one.order))


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

    def line(  # noqa: PLR0913 - what a line says
        self,
        action: Action,
        digest: str,
        why: str,
        facts: Mapping[str, Any] | None = None,
        *,
        by: str = "",
        refs: Mapping[str, ArtifactRef] | None = None,
    ) -> Decision:
        """A decision that comes after all that every pod can know; it is not noted yet."""
        return Decision(
            time=datetime.now(UTC),
            action=action,
            digest=digest,
            why=why,
            facts=dict(facts or {}),
            # What a pod did by itself does not count: who decides elsewhere does not know of it.
            sequence=1 + max((known.sequence for known in self.history.shared()), default=0),
            by=by,
            refs=dict(refs or {}),
        )

    def note(self, one: Decision) -> None:
        """Add a decision; it is on the disk when this returns."""
        self._write(History((*self.history.decisions, one)))

    def take(self, lines: Iterable[Decision]) -> None:
        """Add what other pods decided."""
        after = self.history.with_lines(lines)
        if after.decisions != self.history.decisions:
            self._write(after)

    def _write(self, history: History) -> None:
        self.history = history
        lines = (f"{known.model_dump_json()}\n" for known in history.decisions)
        write_atomically(self._path, "".join(lines).encode())


@contextmanager
def open_history(folder: Path, layer: str) -> Iterator[OpenHistory]:
    """A layer's history, locked until the end of the block."""
    with alone(folder / f".{layer}.lock"):
        yield OpenHistory(folder / f"{layer}.jsonl", read_history(folder, layer))
