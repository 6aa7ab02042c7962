"""PDFs land on this pod: the trainers are told, and given the files where they cannot see them."""

import time
from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from lamina.errors import BusyError
from lamina.landing.inbox import Landed
from lamina.landing.notice import LAYERS_TRAINED, EventsApi, notice
from lamina.landing.watch import Turn, watch_once
from lamina.orders import WatchPdfs
from lamina.stages.pod import Pod


def events_api(pod: Pod) -> EventsApi | None:
    """The events API of the server that this pod knows, if it knows one."""
    url = pod.settings.events_url
    return EventsApi(url, pod.settings.events_auth) if url else None


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
        pod.workspace.processed / "landed.json",
        resource=resource(pod),
        digest=pod.workspace.digests,
        hand_in=lambda landed: _hand_in(pod, landed),
        events=events_api(pod),
        now_s=time.time(),
        settle_s=order.settle_s,
        patience_s=order.patience_s,
    )
    pod.workspace.digests.save()
    return turn


def watch_forever(pod: Pod, order: WatchPdfs) -> Iterator[str]:
    """Turns until interrupted: when a file changed, and a few times a settle window.

    The second is for network volumes, which do not tell of other machines' changes. Gives what a
    person wants to know. A depot that is away is waited for: what landed stays news.
    """
    from watchfiles import watch

    look_again_ms = int(1000 * max(1.0, min(order.settle_s / 3, 20.0)))
    changes = watch(
        pod.workspace.raw_pdfs,
        rust_timeout=look_again_ms,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for _ in chain([None], changes):
        try:
            yield from sentences(watch_pdfs(pod, order))
        except BusyError as error:
            yield f"waiting: {error}"


def sentences(turn: Turn) -> Iterator[str]:
    """What a person wants to know of a turn."""
    if turn.announced:
        layers = ", ".join(sorted({one.layer for one in turn.announced}))
        yield f"{len(turn.announced)} files landed for {layers}"
    if turn.seen.growing:
        yield f"{len(turn.seen.growing)} files are not whole yet, such as {turn.seen.growing[0]}"
    yield from turn.seen.refused
    if turn.waiting:
        yield f"{turn.waiting} events wait to be delivered: {turn.trouble}"


def announce_trained(pod: Pod, layers: list[str], known_as: UUID) -> bool:
    """Tell that these layers have new versions in the depot; whether there is a server to tell.

    Raises:
        BusyError: no server answers; trying again with the same id tells it once.

    """
    api = events_api(pod)
    if api is None or not layers:
        return False
    payload = {"layers": sorted(layers)}
    api.deliver(notice(LAYERS_TRAINED, resource(pod), payload, known_as=known_as))
    return True


def _hand_in(pod: Pod, landed: tuple[Landed, ...]) -> dict[str, Any]:
    """Put the files into the depot, where there is one, for pods that do not share this volume."""
    del pod, landed
    return {}
