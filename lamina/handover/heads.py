"""What names stand for in the depot. A head is written once and never changed.

So two pods that write at once lose nothing, and a reader sees one head or the other.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lamina.artifacts import ArtifactRef
from lamina.errors import DamagedError, InvalidInputError
from lamina.fingerprint import text_digest
from lamina.handover.carrier import Carrier
from lamina.handover.link import Link

FOLDER = "heads"
KEPT = 20  # heads of a name that stay in the depot
MOST_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9][A-Za-z0-9_.-]{0,99}){0,2}\Z")
_FILE = re.compile(r"(?P<name>.+)/(?P<sequence>\d{8})-(?P<digest>[0-9a-f]{64})\.json\Z")


class Head(BaseModel):
    """What a name stands for since this head was written."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="such as layers/ASC_Leases, or base")
    refs: dict[str, ArtifactRef] = Field(description="role, such as gguf or dataset, to artifact")
    facts: dict[str, Any] = {}
    sequence: int = Field(ge=1, description="one more than that of the head before")
    time: datetime
    host: str = Field(description="the machine that wrote it")


def checked_name(name: str) -> str:
    """The name itself, if it can be a head's.

    Raises:
        InvalidInputError: it is none, such as one that leads out of its folder.

    """
    if not _NAME.match(name) or ".." in name:
        msg = f"{name!r} is no name in a depot; write base, or layers/<layer>"
        raise InvalidInputError(msg)
    return name


def names(link: Link) -> list[str]:
    """Every name that stands for something."""
    return list(_files(link))


def newest(link: Link, below: str = "") -> dict[str, Head]:
    """The heads in force, by name: all, or the one of a name and those of the names below it.

    Raises:
        DamagedError: a head is not what its own name says.

    """
    last = {name: files[-1] for name, files in _files(link, below).items()}
    return {name: _read(link, path) for name, path in last.items()}


def latest(link: Link, number: int) -> Iterator[Head]:
    """The last heads of every name, so many of each."""
    for files in _files(link).values():
        for path in files[-number:]:
            yield _read(link, path)


def newest_files(link: Link, below: str = "") -> dict[str, tuple[str, ...]]:
    """By name: the files of its newest heads, of which two pods that wrote at once left two."""
    return {name: _of_one_number(files) for name, files in _files(link, below).items()}


def newest_of(link: Link, name: str) -> dict[str, Head]:
    """The newest heads of one name, by file.

    Raises:
        DamagedError: a head is not what its own name says.

    """
    files = newest_files(link, checked_name(name)).get(name, ())
    return {path: _read(link, path) for path in files}


def forget(link: Link, name: str) -> None:
    """Let a name stand for nothing."""
    _remove(link, _files(link, checked_name(name)).get(name, []))


def write(
    link: Link, name: str, refs: Mapping[str, ArtifactRef], facts: Mapping[str, Any], host: str
) -> bool:
    """Let the name stand for these artifacts from now on; False if it does already."""
    files = _files(link, checked_name(name)).get(name, [])
    before = _read(link, files[-1]) if files else None
    if before and before.refs == dict(refs) and before.facts == json.loads(json.dumps(dict(facts))):
        return False
    head = Head(
        name=name,
        refs=dict(refs),
        facts=dict(facts),
        sequence=before.sequence + 1 if before else 1,
        time=datetime.now(UTC),
        host=host,
    )
    content = head.model_dump_json(indent=1)
    path = f"{FOLDER}/{name}/{head.sequence:08d}-{text_digest(content)}.json"
    link.run(lambda carrier: carrier.write(path, content.encode()))
    _remove(link, files[: max(0, len(files) + 1 - KEPT)])
    return True


def _of_one_number(files: list[str]) -> tuple[str, ...]:
    """The last files that carry one and the same sequence number."""
    number = files[-1].rpartition("/")[2][:8]
    return tuple(path for path in files if path.rpartition("/")[2].startswith(number))


def _remove(link: Link, paths: Iterable[str]) -> None:
    def remove(carrier: Carrier) -> None:
        for path in paths:
            carrier.remove(path)

    link.run(remove)


def _files(link: Link, name: str = "") -> dict[str, list[str]]:
    """The files of the heads, by name, the oldest first."""
    folder = f"{FOLDER}/{name}" if name else FOLDER
    found: dict[str, list[str]] = {}
    for below in link.run(lambda carrier: carrier.names(folder)):
        path = f"{folder}/{below}"
        parts = _FILE.match(path.removeprefix(f"{FOLDER}/"))
        if parts and _NAME.match(parts["name"]):
            found.setdefault(parts["name"], []).append(path)
    return {one: sorted(files) for one, files in sorted(found.items())}


def _read(link: Link, path: str) -> Head:
    parts = _FILE.match(path.removeprefix(f"{FOLDER}/"))
    content = link.run(lambda carrier: b"".join(carrier.read(path, 0, MOST_BYTES)))
    try:
        head = Head.model_validate_json(content)
    except ValidationError:
        head = None
    if not (parts and head and head.name == parts["name"]) or (
        text_digest(content.decode()) != parts["digest"]
    ):
        msg = f"{path} in the depot {link.shown} is not what was written; remove it, and push again"
        raise DamagedError(msg)
    return head
