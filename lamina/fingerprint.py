"""Content identity: of files, of stage inputs, and of a base model across its formats."""

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from lamina.artifacts import ArtifactRef

_BLOCK_BYTES = 1 << 20


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text_digest(text: str) -> str:
    """sha256 of the text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: the one spelling that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@runtime_checkable
class ContentIdentified(Protocol):
    """A value that says itself which part of it is content: a document is not its path."""

    def content_identity(self) -> object:
        """What two equal values share, as JSON values, refs or models."""


def identity(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """What makes two stage inputs "the same".

    Raises:
        TypeError: for paths and open objects, which have no content identity on purpose.

    """
    match value:
        case ArtifactRef():
            return [value.kind, value.digest]
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case str() | int() | float() | bool() | None:
            return value
        case ContentIdentified():  # a slow question, so it is asked after the frequent cases
            return identity(value.content_identity())
        case BaseModel():
            return {name: identity(field) for name, field in value}
        case list() | tuple():
            return [identity(item) for item in value]
        case set() | frozenset():
            return sorted(identity(item) for item in value)
        case Mapping():
            return {str(key): identity(item) for key, item in sorted(value.items())}
        case _:
            kind = type(value).__name__
            msg = f"{kind} cannot enter a cache key: pass a digest, a ref or a model"
            raise TypeError(msg)


def stage_key(stage: str, version: int, inputs: Mapping[str, object]) -> str:
    """File name under which a stage's result is remembered: equal inputs, equal key."""
    body = canonical({"stage": stage, "version": version, "inputs": identity(inputs)})
    return f"{stage}-{text_digest(body)}"


class Digests:
    """sha256 of files, remembered by size, modification time and inode.

    So that asking for the identity of a 14 GB base or of 1,000 PDFs costs a stat each. The memory
    is a JSON file; losing it costs only time.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        try:
            self._known: dict[str, list[Any]] = json.loads(memory.read_bytes())
        except (OSError, ValueError):
            self._known = {}

    def __call__(self, path: Path) -> str:
        """The file's digest; hashed only when it is new or was changed."""
        if known := self.known(path):
            return known
        stamp = _stamp(path)
        digest = file_digest(path)
        self._known[str(path.absolute())] = [*stamp, digest]
        return digest

    def known(self, path: Path) -> str | None:
        """The file's digest, if it was hashed before and is the same since."""
        known = self._known.get(str(path.absolute()))
        return str(known[3]) if known and known[:3] == _stamp(path) else None

    def save(self) -> None:
        """Write the memory, so that the next process need not hash again."""
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        aside = self._memory.with_suffix(f".{os.getpid()}")
        aside.write_text(canonical(self._known))
        aside.replace(self._memory)


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ino]
