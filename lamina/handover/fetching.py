"""From the depot into this pod's store: checked, and visible only when it is whole."""

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from lamina.artifacts import ArtifactRef, FileEntry, Manifest
from lamina.disk import check_disk
from lamina.errors import DamagedError, NotFoundError
from lamina.handover.carrier import Carrier, Meter
from lamina.handover.link import Link, LinkLostError
from lamina.handover.tally import Piece, Tally
from lamina.progress import Progress
from lamina.store import MANIFEST, Store, received

_MANIFEST_BYTES = 64 << 20  # a manifest that is larger is none


class Fetched(BaseModel):
    """What a pull did."""

    model_config = ConfigDict(frozen=True)

    artifacts_present: int
    files_fetched: int
    bytes_fetched: int


def fetch(link: Link, store: Store, refs: Iterable[ArtifactRef], *, progress: Progress) -> Fetched:
    """Take artifacts out of the depot into the store.

    Raises:
        NotFoundError: the depot does not hold one of them, or not all of it.
        DamagedError: what the depot holds is not what its digest says.
        ResourceError: the disk has no room for them.
        LinkLostError: the link breaks; it says what is still missing, and what arrived stays.

    """
    wanted = list(dict.fromkeys(refs))
    missing = [ref for ref in wanted if not store.holds(ref)]
    manifests = {ref: _manifest(link, ref) for ref in missing}
    parsed = {ref: received(ref, content) for ref, content in manifests.items()}
    pieces = [
        Piece(f"{ref.kind}/{ref.digest}/{name}", entry.size_bytes)
        for ref, manifest in parsed.items()
        for name, entry in manifest.files.items()
    ]
    tally = Tally("fetching", pieces, progress)
    check_disk("what is fetched", store.root, tally.total_bytes)
    try:
        for ref, content in manifests.items():
            _fetch_one(link, store, ref, content, tally)
    except LinkLostError as lost:
        advice = f"{tally.missing()}; pull again: what arrived is not fetched again"
        raise LinkLostError(lost.what, advice) from lost
    return Fetched(
        artifacts_present=len(wanted) - len(missing),
        files_fetched=tally.files,
        bytes_fetched=tally.moved_bytes,
    )


def _manifest(link: Link, ref: ArtifactRef) -> bytes:
    path = f"{ref.kind}/{ref.digest}/{MANIFEST}"
    try:
        return link.run(lambda carrier: b"".join(carrier.read(path, 0, _MANIFEST_BYTES)))
    except FileNotFoundError as missing:
        msg = f"{ref} is not in the depot {link.shown}; push it on the pod that made it"
        raise NotFoundError(msg) from missing


def _fetch_one(link: Link, store: Store, ref: ArtifactRef, content: bytes, tally: Tally) -> None:
    """Fetch an artifact; what an earlier pull left of it and is wrong is fetched anew."""
    fetching = _Fetching(link, received(ref, content), ref, tally)
    while True:
        try:
            store.receive(ref, content, fetching.fill)
        except DamagedError:
            if not fetching.left_over:
                raise
            fetching.left_over -= 1  # the store threw the wrong file away
        else:
            return


class _Fetching:
    """Fills the folder of one artifact."""

    def __init__(self, link: Link, manifest: Manifest, ref: ArtifactRef, tally: Tally) -> None:
        self._link, self._manifest, self._ref, self._tally = link, manifest, ref, tally
        self._ours: set[str] = set()
        self.left_over = 0  # files of which an earlier pull left something

    def fill(self, whole: Path, parts: Path) -> None:
        """Fetch what is not there; halves are kept under the digest of the whole."""
        for name, entry in self._manifest.files.items():
            target, part = whole / name, parts / entry.sha256
            there = target.is_file() and target.stat().st_size == entry.size_bytes
            self.left_over += (there or part.exists()) and name not in self._ours
            self._ours.add(name)
            if not there:
                self._fetch(name, entry, part)
                target.parent.mkdir(parents=True, exist_ok=True)
                part.replace(target)
            self._tally.finish(self._path(name), moved=not there)

    def _fetch(self, name: str, entry: FileEntry, part: Path) -> None:
        meter = self._tally.meter(self._path(name))
        reading = _Reading(self._path(name), part, entry, meter)
        self._link.run(reading, lambda: meter.sure_bytes)

    def _path(self, name: str) -> str:
        return f"{self._ref.kind}/{self._ref.digest}/{name}"


class _Reading:
    """Reads one file of the depot into a part, from where that ends."""

    def __init__(self, path: str, part: Path, entry: FileEntry, meter: Meter) -> None:
        self._path, self._part, self._entry, self._meter = path, part, entry, meter

    def __call__(self, carrier: Carrier) -> None:
        """Go on until the file is whole.

        Raises:
            DamagedError: the depot's file is not as long as its manifest says.

        """
        size = self._size_there(carrier)
        with self._part.open("ab") as file:
            if file.tell() > self._entry.size_bytes:
                file.truncate(0)
            start = file.seek(0, os.SEEK_END)
            self._meter.sure(start)
            for block in carrier.read(self._path, start, size - start):
                file.write(block)
                file.flush()
                self._meter.at(file.tell())
                self._meter.sure(file.tell())  # on this disk
            if file.tell() != size:
                msg = f"{self._path} ended early"
                raise ConnectionError(msg)

    def _size_there(self, carrier: Carrier) -> int:
        size = carrier.size(self._path)
        if size is None:
            msg = f"{self._path} is missing in the depot; push it again with `lamina push --again`"
            raise NotFoundError(msg)
        if size != self._entry.size_bytes:
            msg = (
                f"{self._path} in the depot has {size:,} bytes instead of "
                f"{self._entry.size_bytes:,}; push it again with `lamina push --again`"
            )
            raise DamagedError(msg)
        return size
