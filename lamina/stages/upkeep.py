"""Stores and the depot give up what no view, no name, no kept version and no recent use reaches."""

from collections.abc import Iterator
from pathlib import Path

from lamina.artifacts import ArtifactRef
from lamina.handover import cleaning, decided
from lamina.handover import heads as heads_of
from lamina.handover.link import Link
from lamina.handover.opening import open_link
from lamina.handover.versions import History, read_histories
from lamina.orders import CollectGarbage
from lamina.stages.pod import Pod
from lamina.stages.views import KIND
from lamina.upkeep.collect import Collected, Tally, collect
from lamina.upkeep.inventory import inventory, last_used_s

_DAY_S = 86_400.0
VERDICTS = "verdicts"  # its file names what was read of each document
COMPANIONS = ("judgement",)  # of what was read of a document; no view leads to them


def gc(pod: Pod, order: CollectGarbage) -> Collected:
    """Remove what nothing needs any more; the links, and what they were made of, stay.

    Raises:
        BusyError: the depot is to be cleaned, and cannot be reached.

    """
    found = _clean_depot(pod, order) if order.depot else _clean_store(pod, order)
    said = "would free" if order.dry_run else "freed"
    where = pod.settings.store_url if order.depot else pod.store.root
    pod.progress.say(f"gc {said} {found.freed_bytes / 1e6:,.1f} MB in {where}")
    return found


def _clean_store(pod: Pod, order: CollectGarbage) -> Collected:
    return collect(
        pod.store,
        roots={*_linked(pod), *_newest_verdicts(pod)},
        alone=set(_kept_versions(pod, order.keep)),
        grace_s=order.grace_days * _DAY_S,
        read_files_of={VERDICTS},
        companions=COMPANIONS,
        layers=_layer_files(pod),
        dry_run=order.dry_run,
    )


def _clean_depot(pod: Pod, order: CollectGarbage) -> Collected:
    """The names are read after the artifacts: one that stands since keeps what it stands for."""
    removed: dict[str, Tally] = {}
    kept: dict[str, Tally] = {}
    with open_link(pod.settings) as link:
        found, now_s = cleaning.look(link)
        live = set(_named_in_depot(link, order.keep))
        doomed = set(cleaning.spent(found, live, now_s - order.grace_days * _DAY_S))
        for one in found:
            gone = one in doomed and (order.dry_run or cleaning.remove(link, one))
            (removed if gone else kept).setdefault(one.kind, Tally()).add(one.size_bytes)
    return Collected(dry_run=order.dry_run, removed=removed, kept=kept)


def _named_in_depot(link: Link, keep: int) -> Iterator[ArtifactRef]:
    """What names stand for, or stood for lately, and the versions to which a layer can go back."""
    for head in heads_of.latest(link, keep):
        yield from head.refs.values()
    for layer in decided.newest_files(link):
        history = decided.read(link, layer).history
        versions = _latest(history, keep)
        for one in history.decisions:
            if one.digest in versions:
                yield from one.refs.values()
        yield from (ArtifactRef(kind=KIND, digest=digest) for digest in versions)


def _layer_files(pod: Pod) -> list[str]:
    """Contents of the layers that are asked here, whether the store made them or not."""
    folders = (pod.workspace.adapters_gguf, pod.workspace.candidates)
    files = [path for folder in folders for path in folder.glob("*.gguf") if path.exists()]
    return [pod.workspace.digests(path) for path in files]


def table(found: Collected) -> list[dict[str, str]]:
    """What was removed and what stays, a row for each kind."""
    kinds = sorted({*found.removed, *found.kept})
    return [
        {
            "kind": kind,
            "removed": _told(found.removed.get(kind)),
            "kept": _told(found.kept.get(kind)),
        }
        for kind in kinds
    ]


def _told(tally: Tally | None) -> str:
    return f"{tally.count:,} ({tally.size_bytes / 1e6:,.1f} MB)" if tally else "-"


def _linked(pod: Pod) -> Iterator[ArtifactRef]:
    """What the links of the workspace stand for."""
    work = pod.workspace
    folders = (work.root / "output", work.peft, work.models, work.qa, work.processed)
    model = work.base_gguf(pod.settings)
    for path in (model, *(path for folder in folders for path in _links(folder))):
        if ref := pod.store.holding(path):
            yield ref


def _links(folder: Path) -> Iterator[Path]:
    """The links below a folder; into linked folders it is not looked."""
    if folder.is_symlink():
        yield folder
    elif folder.is_dir():
        for path in folder.iterdir():
            yield from _links(path)


def _newest_verdicts(pod: Pod) -> list[ArtifactRef]:
    """The verdicts on the corpus as it was last looked at."""
    found = [item.ref for item in inventory(pod.store) if item.ref.kind == VERDICTS]
    return sorted(found, key=lambda ref: last_used_s(pod.store, ref))[-1:]


def _kept_versions(pod: Pod, keep: int) -> Iterator[ArtifactRef]:
    """The last versions of each layer."""
    for history in read_histories(pod.workspace.versions).values():
        for digest in _latest(history, keep):
            yield ArtifactRef(kind=KIND, digest=digest)


def _latest(history: History, keep: int) -> list[str]:
    """Those that a rollback would bring back come first, then what was decided last."""
    going_back = history.served()[::-1]
    others = [
        digest
        for digest in history.digests()
        if digest not in going_back and history.state(digest) != "stopped"
    ]
    return [*going_back, *others][:keep]
