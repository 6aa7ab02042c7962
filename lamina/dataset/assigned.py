"""Which part each document is in: train, validation or test; across all layers, and for good.

A rule that looks only at the documents there are could not keep a document in its part when others
come (docs/adr/0005). So the choice is made once, by content, and remembered in the store: a new
document goes where its group is, a new group where a layer needs it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from lamina.store import Store, alone, write_atomically
from lamina.text.rows import Split

FOLDER = "held_out"  # of the store
_FILE = "parts.json"
_WHOLE: tuple[Split, ...] = ("test", "validation", "train")  # of two that are told, the first wins


class Assigned(BaseModel):
    """Documents by digest, each in one part; those `sectioned` are in train but for a section."""

    model_config = ConfigDict(frozen=True)

    train: frozenset[str] = frozenset()
    validation: frozenset[str] = frozenset()
    test: frozenset[str] = frozenset()
    sectioned: frozenset[str] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _from_two_parts(cls, said: Any) -> Any:  # noqa: ANN401 - pydantic's signature
        """What an older store held out whole becomes test: nothing was trained on it."""
        if isinstance(said, dict) and "whole" in said:
            sectioned = said.get("sectioned", ())
            return {"test": said["whole"], "sectioned": sectioned, "train": sectioned}
        return said

    def part(self, document: str) -> Split:
        """The document's part; train where nothing is told."""
        return next((name for name in _WHOLE if document in getattr(self, name)), "train")

    def of(self, documents: Mapping[str, object]) -> "Assigned":
        """What is told of these documents."""
        return Assigned(
            train=self.train & documents.keys(),
            validation=self.validation & documents.keys(),
            test=self.test & documents.keys(),
            sectioned=self.sectioned & documents.keys(),
        )

    def known(self) -> frozenset[str]:
        """The documents that are in a part."""
        return self.train | self.validation | self.test

    def joined(self, other: "Assigned") -> "Assigned":
        """Both; a document of which they tell two parts is in the one that is trained on less."""
        test = self.test | other.test
        validation = (self.validation | other.validation) - test
        train = (self.train | other.train) - test - validation
        sectioned = (self.sectioned | other.sectioned) - test - validation
        return Assigned(train=train, validation=validation, test=test, sectioned=sectioned)


def take_over(store: Store, told: Assigned) -> None:
    """Remember besides what another store holds out."""
    with remembered(store) as memory:
        memory.put(memory.get().joined(told))


class Memory:
    """What a store remembers; only within `remembered`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / _FILE

    def get(self) -> Assigned:
        """All that is known; at first, what an older version held out, a file a layer."""
        files = [self._path] if self._path.exists() else sorted(self._folder.glob("*.json"))
        known = Assigned()
        for file in files:
            known = known.joined(Assigned.model_validate_json(file.read_bytes()))
        return known

    def put(self, assigned: Assigned) -> None:
        """Keep it, if it is news."""
        ordered = {name: sorted(documents) for name, documents in assigned}
        content = json.dumps(ordered, indent=1)
        if not self._path.exists() or self._path.read_text() != content:
            write_atomically(self._path, content.encode())


@contextmanager
def remembered(store: Store) -> Iterator[Memory]:
    """The store's memory, for one process at a time."""
    folder = store.root / FOLDER
    with alone(folder / "parts.lock"):
        yield Memory(folder)
