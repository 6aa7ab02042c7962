"""From this pod's store into the depot: only what is missing there travels."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef, Manifest
from lamina.handover.carrier import Source
from lamina.handover.link import Link, LinkLostError
from lamina.handover.tally import Piece, Tally
from lamina.progress import Progress
from lamina.store import MANIFEST, Store, write_atomically


class Sent(BaseModel):
    """What a push did."""

    model_config = ConfigDict(frozen=True)

    artifacts_present: int
    files_sent: int
    bytes_sent: int
    names: tuple[str, ...] = Field((), description="names that stand for something new now")


@dataclass(frozen=True)
class _Parcel:
    """An artifact that is not in the depot, or not all of it."""

    ref: ArtifactRef
    folder: Path
    manifest: Manifest
    files: tuple[str, ...] | None = None  # those to send; None = all

    def names(self) -> tuple[str, ...]:
        return tuple(self.manifest.files) if self.files is None else self.files

    def path(self, name: str) -> str:
        return f"{self.ref.kind}/{self.ref.digest}/{name}"


def send(  # noqa: PLR0913 - keyword-only but for what goes where
    link: Link,
    store: Store,
    refs: Iterable[ArtifactRef],
    *,
    progress: Progress,
    again: bool = False,
    standing: Collection[ArtifactRef] = (),
) -> Sent:
    """Put artifacts into the depot; `again` sends also what seems to be there.

    `standing` are those for which a name stands there already. What lies there without one is made
    young first, and looked through: who cleans the depot may be at it.

    Raises:
        NotFoundError: an artifact is not in the store.
        DamagedError: this pod's own copy is damaged.
        LinkLostError: the link breaks; it says what is still missing, and what arrived stays.

    """
    wanted = list(dict.fromkeys(refs))
    folders = {ref: store.open(ref) for ref in wanted}
    whole = [_Parcel(ref, folders[ref], store.manifest(ref)) for ref in wanted]
    found = (one if again else _missing(link, one, sure=one.ref in standing) for one in whole)
    parcels = [parcel for parcel in found if parcel]
    pieces = [
        Piece(parcel.path(name), parcel.manifest.files[name].size_bytes)
        for parcel in parcels
        for name in parcel.names()
    ]
    tally = Tally("sending", pieces, progress)
    try:
        for parcel in parcels:
            _send_parcel(link, store, parcel, tally, again=again)
    except LinkLostError as lost:
        advice = f"{tally.missing()}; push again: what arrived is not sent again"
        raise LinkLostError(lost.what, advice) from lost
    return Sent(
        artifacts_present=len(wanted) - len(parcels),
        files_sent=tally.files,
        bytes_sent=tally.moved_bytes,
    )


def _missing(link: Link, parcel: _Parcel, *, sure: bool) -> _Parcel | None:
    """With the files alone that the depot lacks; None where it has the artifact."""
    is_there = _size(link, parcel.path(MANIFEST)) is not None
    if is_there and sure:
        return None
    if is_there:
        _write_manifest(link, parcel)
    missing = tuple(
        name
        for name, entry in parcel.manifest.files.items()
        if _size(link, parcel.path(name)) != entry.size_bytes
    )
    # Whoever cleans takes the manifest first: if it stands still, nothing was taken meanwhile.
    if is_there and not missing and _size(link, parcel.path(MANIFEST)) is not None:
        return None
    return replace(parcel, files=missing)


def _size(link: Link, path: str) -> int | None:
    return link.run(lambda carrier: carrier.size(path))


def _send_parcel(link: Link, store: Store, parcel: _Parcel, tally: Tally, *, again: bool) -> None:
    for name in parcel.names():
        source = Source(parcel.folder / name, parcel.manifest.files[name])
        _send_file(link, store, source, parcel.path(name), tally, again=again)
    _write_manifest(link, parcel)


def _write_manifest(link: Link, parcel: _Parcel) -> None:
    told = (parcel.folder / MANIFEST).read_bytes()
    link.run(lambda carrier: carrier.write(parcel.path(MANIFEST), told))


def _send_file(  # noqa: PLR0913 - what one file needs
    link: Link, store: Store, source: Source, path: str, tally: Tally, *, again: bool
) -> None:
    """One process of a pod at a time sends a file; other pods keep their halves elsewhere."""
    part = f"parts/{source.entry.sha256}.{_pod_id(store)}"
    with store.locked(f"send-{source.entry.sha256}"):
        missing = again or _size(link, path) != source.entry.size_bytes
        if missing:
            meter = tally.meter(path)
            link.run(
                lambda carrier: carrier.send(path, source, part, meter), lambda: meter.sure_bytes
            )
    tally.finish(path, moved=missing)


def _pod_id(store: Store, make: Callable[[], str] = lambda: uuid4().hex) -> str:
    """A name that this store alone has, for what it sends in halves."""
    path = store.root / "pod-id"
    if not path.exists():
        write_atomically(path, make().encode())
    return path.read_text()
