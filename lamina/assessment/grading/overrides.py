"""Grades that a person overruled: one line a decision, and it wins over the grader.

A decision is about the very text of an answer, by a layer or by anybody (`*`); whoever answers
otherwise is graded as ever. Of two decisions about one answer the one that names the layer and the
topic counts before the one that does not, and the later line before the earlier.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lamina.errors import InvalidInputError, ResourceError
from lamina.fingerprint import canonical, text_digest
from lamina.store import alone, write_atomically

EVERY = "*"  # whoever gives the answer
_KEY = 12  # signs of a digest that names an answer in a command


class Override(BaseModel):
    """What a person decided about one answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str = Field(min_length=1, description="its id, else the digest that records give it")
    topic: str = Field("", description="whose exam the question is of; empty = any")
    layer: str = Field(EVERY, min_length=1, description="who gave the answer; * = whoever does")
    answer: str = Field(description="its text; spaces around it do not matter")
    verdict: Literal["right", "wrong"]
    who: str = Field(min_length=1)
    when: datetime
    why: str = Field(min_length=1)

    @property
    def right(self) -> bool:
        """What the answer counts as."""
        return self.verdict == "right"

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What it is about: of two with the same place the later counts."""
        return self.question, self.topic, self.layer, self.answer.strip()


class Overrides:
    """All decisions, looked up by the answer that they are about."""

    def __init__(self, decisions: Iterable[Override] = ()) -> None:
        self._by_place = {one.place: one for one in decisions}

    def __iter__(self) -> Iterator[Override]:
        return iter(self._by_place.values())

    def find(self, *, question: str, topic: str, layer: str, answer: str) -> Override | None:
        """The decision about an answer; None where the grader's word counts."""
        text = answer.strip()
        places = ((question, of, by, text) for by in (layer, EVERY) for of in (topic, ""))
        found = (self._by_place.get(place) for place in places)
        return next((one for one in found if one), None)

    def of(self, layers: Sequence[str]) -> list[Override]:
        """Those that may touch what these layers said."""
        return [one for one in self._by_place.values() if one.layer in (*layers, EVERY)]

    @property
    def identity(self) -> list[dict[str, object]]:
        """For a key: what grades hang on beside the grader, in no order of lines."""
        dumped = [one.model_dump(mode="json") for one in self._by_place.values()]
        return sorted(dumped, key=canonical)


def answer_key(topic: str, question: str, answer: str) -> str:
    """What an answer is called where its text must not stand, such as in a command to copy."""
    return text_digest(canonical([topic, question, answer.strip()]))[:_KEY]


def read_overrides(path: Path | None) -> Overrides:
    """The decisions in a file; none where there is no file.

    Raises:
        InvalidInputError: a line is no decision.
        ResourceError: the file cannot be read.

    """
    return Overrides(_decisions(path)) if path is not None else Overrides()


def add_override(path: Path, decision: Override) -> None:
    """Add a line; it is on the disk when this returns, and all before it are as they were.

    Raises:
        InvalidInputError: a line of the file is no decision.
        ResourceError: the file cannot be read.

    """
    with alone(path.with_name(f".{path.name}.lock")):
        _decisions(path)
        before = path.read_bytes() if path.exists() else b""
        border = b"\n" if before and not before.endswith(b"\n") else b""
        line = f"{decision.model_dump_json()}\n".encode()
        write_atomically(path, before + border + line)


def _decisions(path: Path) -> list[Override]:
    try:
        # Not splitlines: other characters that end lines may stand within JSON.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        msg = f"overrides {path} cannot be read ({error.strerror}); correct its permissions"
        raise ResourceError(msg) from error
    except UnicodeDecodeError as broken:
        msg = f"overrides {path} are no UTF-8 text; save them as UTF-8, or move the file away"
        raise InvalidInputError(msg) from broken
    return [_decision(path, at, line) for at, line in enumerate(lines, start=1) if line.strip()]


def _decision(path: Path, at: int, line: str) -> Override:
    try:
        return Override.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        said = f"{field}: {first['msg']}" if field else first["msg"]
        msg = f"line {at} of {path} is no override ({said}); correct it, or take the line away"
        raise InvalidInputError(msg) from error
