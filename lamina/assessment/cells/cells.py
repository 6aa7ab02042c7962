"""Cells: what one subject said when it was asked one thing. Asked once, kept, shared by all runs.

A cell's key is a digest of all that its value hangs on: the base and its file, the layers' contents
with their scales, what was asked word for word, and how answers are drawn. How an answer is graded
is no part of it: a new grader reads the same cells. Each subject has a file of its own, so that a
changed layer leaves the others' cells where they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from lamina.assessment.exam.asked import Ask, Request
from lamina.assessment.exam.blend import Blend
from lamina.assessment.exam.sampling import Sampling
from lamina.fingerprint import canonical, text_digest
from lamina.store import Ledger, entry

_VERSION = 1  # of what is measured; counted up when the same request would be measured otherwise
_KEY = 32  # signs of a digest: 128 bits

Value: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """Who is asked: the base, or layers of these contents with these scales."""

    blend: Blend
    digests: tuple[str, ...] = ()  # of the layers' files, in the blend's order

    @property
    def layers(self) -> list[tuple[str, float]]:
        """Contents and scales; the order in which they are named does not matter."""
        scales = (scale for _, scale in self.blend.parts)
        return sorted(zip(self.digests, scales, strict=True))


class Cells:
    """All cells of one base, by subject. Files are read when their subject is first looked up."""

    def __init__(self, folder: Path, base: str, model: str | None, sampling: Sampling) -> None:
        """`model` is the digest of the base's file, None where it is not known."""
        self._base = {"base": base, "model": model}
        self.folder = folder / text_digest(canonical(self._base))[:16]
        self._sampling = sampling
        self._files: dict[Subject, tuple[Ledger, dict[str, bytes]]] = {}
        self._keys: dict[tuple[Subject, Request], str] = {}  # asked for several times a run

    def key(self, subject: Subject, request: Request) -> str:
        """What a request to a subject is kept under."""
        key = self._keys.get((subject, request))
        if key is None:
            how = self._sampling.model_dump(mode="json") if isinstance(request, Ask) else None
            asked = [type(request).__name__, asdict(request), how]
            key = text_digest(canonical([_VERSION, self._base, subject.layers, asked]))[:_KEY]
            self._keys[subject, request] = key
        return key

    def get(self, subject: Subject, request: Request) -> Value | None:
        """What the subject said; None where it was not asked, or the cell is broken."""
        line = self._file(subject)[1].get(self.key(subject, request))
        return entry(line) if line else None

    def add(self, subject: Subject, found: Iterable[tuple[Request, Value]]) -> None:
        """Keep what a subject said; it is on the disk when this returns."""
        ledger, known = self._file(subject)
        entries = [(self.key(subject, request), value) for request, value in found]
        known |= ledger.add(entries)

    def _file(self, subject: Subject) -> tuple[Ledger, dict[str, bytes]]:
        if subject not in self._files:
            name = text_digest(canonical(subject.layers))[:16]
            about = {**self._base, "layers": subject.layers, "name": subject.blend.name}
            ledger = Ledger(self.folder / f"{name}.jsonl", about)
            self._files[subject] = (ledger, ledger.read())
        return self._files[subject]
