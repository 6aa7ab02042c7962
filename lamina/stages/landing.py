"""PDFs land on this pod: the trainers are told, and given the files where they cannot see them."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from lamina.dataset.assigned import Assigned, take_over
from lamina.errors import LaminaError
from lamina.handover.link import Link
from lamina.landing.inbox import Landed
from lamina.landing.ledger import open_ledger
from lamina.landing.notice import LAYERS_TRAINED, EventsApi, Outbox, Told
from lamina.landing.watch import Turn, watch_once
from lamina.orders import WatchPdfs
from lamina.stages import fleet, handover
from lamina.stages.pod import Pod
from lamina.stages.withdrawn import set_aside, withdrawn
from lamina.store import Stage, in_use, is_held
from lamina.workspace import checked_layer_name, fed_layer

LAND = Stage("land", 1)
LANDED = "landed"  # the depot's names for PDFs that landed


def events_api(pod: Pod) -> EventsApi | None:
    """The events API of the server that this pod knows, if it knows one."""
    client = pod.settings.prefect()
    return EventsApi(client) if client else None


def outbox(pod: Pod) -> Outbox:
    """The wake-ups of this pod that are not known to have arrived."""
    return Outbox(pod.workspace.processed / "wake_ups.json")


def resource(pod: Pod) -> str:
    """What this pod's events happen to: its workspace, by the name of its folder."""
    return f"lamina.workspace.{pod.workspace.root.name}"


def watch_pdfs(pod: Pod, order: WatchPdfs) -> Turn:
    """One turn of the watcher over `raw_pdfs`.

    Raises:
        BusyError: the depot, where there is one, cannot be reached.
        InvalidInputError: the server refuses events.

    """
    from lamina.corpus.documents import document_files

    turn = watch_once(
        pod.workspace.raw_pdfs,
        document_files(pod.workspace.raw_pdfs),
        _ledger(pod),
        resource=resource(pod),
        digest=pod.workspace.digests,
        hand_in=lambda landed: hand_in(pod, landed),
        outbox=outbox(pod),
        events=events_api(pod),
        now_s=time.time(),
        settle_s=order.settle_s,
        patience_s=order.patience_s,
    )
    pod.workspace.digests.save()
    return turn


def _ledger(pod: Pod) -> Path:
    return pod.workspace.processed / "landed.json"


def is_watched(pod: Pod) -> bool:
    """Whether `lamina watch` lives here, so that nobody else need look."""
    return is_held(pod.workspace.raw_pdfs)


def watch_forever(
    pod: Pod, order: WatchPdfs, beside: Callable[[Pod], Iterator[str]] | None = None
) -> Iterator[str]:
    """Turns until interrupted: when a file changed, and a few times a settle window.

    The second is for network volumes, which do not tell of other machines' changes. Gives what a
    person wants to know. Whatever is wrong is waited for: what landed stays news. What was decided
    on other pods is done here, too, and `beside` is looked after at every turn.
    """
    from watchfiles import watch

    look_again_ms = int(1000 * max(1.0, min(order.settle_s / 3, 20.0)))
    changes = watch(
        pod.workspace.raw_pdfs,
        rust_timeout=look_again_ms,
        yield_on_timeout=True,
    )
    # The link stays open: a look costs a listing, and no handshake.
    with in_use(pod.workspace.raw_pdfs), fleet.hasty_link(pod) as link:
        for _ in chain([None], changes):
            yield from _patiently(_turn(pod, order, link))
            yield from _patiently(beside(pod) if beside else iter(()))


def _turn(pod: Pod, order: WatchPdfs, link: Link | None) -> Iterator[str]:
    yield from sentences(watch_pdfs(pod, order))
    yield from (one.sentence for one in (fleet.follow_over(pod, link) if link else ()))


def _patiently(look: Iterator[str]) -> Iterator[str]:
    try:
        yield from look
    except LaminaError as error:
        yield f"waiting: {error}"


def sentences(turn: Turn) -> Iterator[str]:
    """What a person wants to know of a turn."""
    if turn.announced:
        layers = ", ".join(sorted({one.layer for one in turn.announced}))
        yield f"{len(turn.announced)} files landed for {layers}"
    if turn.seen.growing:
        yield f"{len(turn.seen.growing)} files are not whole yet, such as {turn.seen.growing[0]}"
    yield from turn.seen.refused
    if turn.told.waiting:
        yield f"{', '.join(turn.told.waiting)} waits to be told: {turn.told.trouble}"


def hand_over(pod: Pod, layers: Sequence[str]) -> Told:
    """Put published layers into the depot, if there is one, and wake those who judge them.

    Where no server answers the wake-up is kept, and told by the next run or watcher of this pod.

    Raises:
        BusyError: the depot cannot be reached.

    """
    if not layers or not handover.has_depot(pod):  # without one the pods share a volume
        return Told()
    told = outbox(pod)
    if pod.settings.events_url:  # before, too: a run that is killed in between wakes them later
        told.note(LAYERS_TRAINED, resource(pod))
    handover.push(pod, handover.published_heads(pod, layers))
    if pod.settings.events_url:
        told.note(LAYERS_TRAINED, resource(pod))
    return tell(pod)


def tell(pod: Pod) -> Told:
    """Send the wake-ups that are not known to have arrived."""
    return outbox(pod).tell(events_api(pod))


def hand_in(pod: Pod, landed: tuple[Landed, ...]) -> None:
    """Put the files into the depot, where there is one, for pods that do not share this volume."""
    if not handover.has_depot(pod):
        return
    gone = withdrawn(pod)
    landed = tuple(one for one in landed if (one.layer, one.digest) not in gone)
    if not landed:
        return
    contents = [one.content for one in landed]

    def copy(draft: Path) -> dict[str, Any]:
        for one in landed:
            target = draft / one.layer / one.digest / Path(one.name).name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(one.path, target)
        return {"contents": contents}

    documents = pod.store.once("landed", LAND, {"contents": contents}, copy)
    name = f"{LANDED}/{documents.digest[:32]}"
    handover.push(pod, {name: {"documents": documents}}, facts={name: {"contents": contents}})


def fetch_landed(pod: Pod) -> list[str]:
    """Fetch what landed on other pods and is not in this one's corpus; names of the files.

    What was withdrawn on any pod leaves this one.

    Raises:
        BusyError: the depot cannot be reached.
        DamagedError: what it holds is not what its digest says.

    """
    if not handover.has_depot(pod):
        return []
    fleet.learn(pod)
    set_aside(pod)
    with open_ledger(_ledger(pod)) as file:  # one run of this pod at a time, and no watcher
        known = _contents(pod)
        missing = [
            name
            for name, head in handover.newest_heads(pod, LANDED).items()
            if not known.issuperset(head.facts.get("contents", ["?"]))
        ]
        if not missing:
            return []
        found = [
            landed_from(source)
            for head in handover.pull(pod, missing).heads.values()
            for source in sorted(pod.store.open(head.refs["documents"]).glob("*/*/*"))
        ]
        news = {one.content: one for one in found if one.content not in known}
        file.ledger.note(news.values())  # to a watcher of this pod they are none
        file.save()
        return [_place(pod, one) for one in news.values()]


def landed_from(source: Path) -> Landed:
    """A file that was handed in, by its place in what was handed in."""
    layer, digest, name = source.parts[-3:]
    return Landed(layer=layer, name=name, path=str(source), digest=digest)


def fetch_held_out(pod: Pod) -> None:
    """Hold out what the layers in the depot hold out: a new pod must not train on that."""
    if not handover.has_depot(pod):
        return
    for head in handover.newest_heads(pod, handover.LAYERS).values():
        if handover.HELD_OUT in head.facts:
            take_over(pod.store, Assigned.model_validate(head.facts[handover.HELD_OUT]))


def _contents(pod: Pod) -> set[str]:
    """`layer/digest` of every file of this corpus, new or archived, and of those withdrawn."""
    from lamina.corpus.documents import document_files

    found = {"/".join(one) for one in withdrawn(pod)}
    for root in (pod.workspace.raw_pdfs, pod.workspace.archive):
        for path in document_files(root):
            layer = fed_layer(root, path)
            with suppress(FileNotFoundError):  # another run archives it: there it is found next
                found.add(f"{layer}/{pod.workspace.digests(path)}")
    pod.workspace.digests.save()
    return found


def _place(pod: Pod, one: Landed) -> str:
    """Copy a fetched file into the inbox: under a hidden name first, so that nobody reads half."""
    folder = pod.workspace.raw_pdfs / checked_layer_name(one.layer)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / one.name
    if target.exists():
        target = folder / f"{target.stem}-{one.digest[:8]}{target.suffix}"
    aside = folder / f".{one.digest}"
    shutil.copyfile(one.path, aside)
    aside.replace(target)
    return target.relative_to(pod.workspace.raw_pdfs).as_posix()
