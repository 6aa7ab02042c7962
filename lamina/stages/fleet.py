"""What is decided on one pod is true on all: told through the depot, followed within one poll.

A decision holds at once on the pod where it is made, also while the depot is away; the others hear
of it as soon as one of this pod's looks reaches the depot.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from lamina.artifacts import ArtifactRef
from lamina.errors import LaminaError, NotFoundError, ResourceError
from lamina.handover import decided
from lamina.handover.fetching import fetch
from lamina.handover.link import Link
from lamina.handover.opening import open_link
from lamina.handover.seen import Seen
from lamina.handover.sending import send
from lamina.handover.versions import (
    WAITS,
    Action,
    Decision,
    History,
    OpenHistory,
    open_history,
    read_histories,
    read_history,
)
from lamina.stages import views
from lamina.stages.pod import Pod
from lamina.stages.taught import names_artifact, take_names
from lamina.workspace import checked_layer_name

T = TypeVar("T")
_PATIENCE_S = 10.0  # a person waits; what cannot be told now is told at the next look


class Followed(BaseModel):
    """What this pod learnt of a layer."""

    model_config = ConfigDict(frozen=True)

    layer: str
    serves: str | None
    sentence: str


class Deciding:
    """A layer's history on this pod, alone, with what others decided so far."""

    def __init__(self, pod: Pod, layer: str, one: OpenHistory) -> None:
        self._pod, self._layer, self._open = pod, layer, one
        self.new: list[Decision] = []

    @property
    def history(self) -> History:
        """As it stands."""
        return self._open.history

    def decide(
        self, action: Action, digest: str, why: str, facts: Mapping[str, Any] | None = None
    ) -> None:
        """Note a decision; where it changes what serves, that is changed before."""
        gguf = ArtifactRef(kind=views.KIND, digest=digest)
        serves = action in {"promote", "rollback"}
        refs = _needed(self._pod, gguf) if serves or (facts and WAITS in facts) else {}
        line = self._open.line(action, digest, why, facts, by=views.who(), refs=refs)
        after = History((*self.history.decisions, line))
        if after.served()[-1:] != self.history.served()[-1:] or serves:
            views.show(self._pod, self._layer, after)
        self._open.note(line)
        self.new.append(line)


@contextmanager
def deciding(pod: Pod, layer: str, *, going_back: bool = False) -> Iterator[Deciding]:
    """Decide about a layer in the block; all other pods are told at its end."""
    with hasty_link(pod) as link:
        theirs = _tried(pod, lambda: decided.read(link, layer)) if link else None
        with open_history(pod.workspace.versions, checked_layer_name(layer)) as one:
            now = views.served(pod, layer)
            # Going back, it is what serves already if somebody was killed before it was noted.
            if not (going_back and now and now.digest == one.history.before()):
                views.note_found(pod, layer, one)
            if theirs:
                one.take(theirs.history.decisions)
            said = Deciding(pod, layer, one)
            yield said
        if link and theirs and said.new:
            _tried(pod, lambda: _tell_all(pod, link, layer, said.new))


def bring(pod: Pod, layer: str, gguf: ArtifactRef) -> None:
    """Fetch a version that is not on this pod, if the depot has it."""
    if pod.settings.store_url and not pod.store.holds(gguf):
        with open_link(pod.settings) as link:
            _fetch(pod, link, read_history(pod.workspace.versions, layer), gguf.digest)


def learn(pod: Pod) -> list[str]:
    """Take what others decided, and tell what they lack; the layers of which this pod learnt.

    Raises:
        LaminaError: the depot cannot be reached, or holds what is no decision.

    """
    with hasty_link(pod) as link:
        return _learn(pod, link) if link else []


def hear(pod: Pod) -> None:
    """`learn`, before something is decided: a depot that cannot be reached is said and no more."""
    _tried(pod, lambda: learn(pod))


def follow(pod: Pod) -> list[Followed]:
    """Do on this pod what was decided on others: what serves here is what serves everywhere.

    Raises:
        LaminaError: the depot cannot be reached, or holds what is no decision.

    """
    with hasty_link(pod) as link:
        return follow_over(pod, link) if link else []


def follow_over(pod: Pod, link: Link) -> list[Followed]:
    """The same over a link that is open."""
    _learn(pod, link)
    found = [_obey(pod, link, layer) for layer in read_histories(pod.workspace.versions)]
    return [one for one in found if one]


@contextmanager
def hasty_link(pod: Pod) -> Iterator[Link | None]:
    """The depot, with little patience; None where there is none."""
    if not pod.settings.store_url:
        yield None
        return
    patience_s = min(pod.settings.store_patience_s, _PATIENCE_S)
    with open_link(pod.settings.model_copy(update={"store_patience_s": patience_s})) as link:
        yield link


def _tried(pod: Pod, action: Callable[[], T]) -> T | None:
    """What it gives; a depot that cannot be reached is said, and keeps nobody from deciding."""
    try:
        return action()
    except LaminaError as error:
        pod.progress.say(f"decided on this pod alone so far, others hear of it later: {error}")
        return None


def _learn(pod: Pod, link: Link) -> list[str]:
    seen = Seen(pod.workspace.versions / ".seen.json", pod.settings.store_url)
    there = decided.newest_files(link)
    ours = read_histories(pod.workspace.versions)
    learnt = []
    for layer in sorted({*there, *ours}):
        before = ours.get(layer, History(()))
        if seen.is_known(layer, there.get(layer, ()), len(before.shared())):
            continue
        with open_history(pod.workspace.versions, checked_layer_name(layer)) as one:
            views.note_found(pod, layer, one)
            one.take(decided.read(link, layer).history.decisions)
        files = _tell(pod, link, layer)
        after = read_history(pod.workspace.versions, layer)
        seen.note(layer, files, len(after.shared()))
        if after.decisions != before.decisions:
            learnt.append(layer)  # without news one may wait on purpose, to be judged again
            waiting = pod.store.holding(pod.workspace.candidates / f"{layer}.gguf")
            if waiting and after.state(waiting.digest) not in {"candidate", "served"}:
                views.drop_candidate(pod, layer, waiting)
    seen.save()
    return learnt


def _tell(pod: Pod, link: Link, layer: str) -> tuple[str, ...]:
    """Let the depot know what this pod knows; the newest heads' files."""
    ours = read_history(pod.workspace.versions, layer).shared()
    if not ours:
        return ()
    known = {one.key for one in decided.read(link, layer).history.decisions}
    refs = [ref for one in ours if one.key not in known for ref in one.refs.values()]
    send(link, pod.store, [ref for ref in refs if pod.store.holds(ref)], progress=pod.progress)
    return decided.exchange(link, layer, ours, views.who()).files


def _tell_all(pod: Pod, link: Link, layer: str, new: list[Decision]) -> None:
    """Tell what was decided here, and say plainly whose word counts where two spoke at once."""
    _tell(pod, link, layer)
    numbers, keys = {one.sequence for one in new}, {one.key for one in new}
    history = decided.read(link, layer).history
    for one in history.shared():
        if one.sequence in numbers and one.key not in keys:
            (serves,) = history.served()[-1:] or ["none"]
            pod.progress.say(
                f"{one.by} decided about {layer} at the same time ({one.action} "
                f"{one.digest[:12]}): on all pods the later word counts, and {serves[:12]} serves"
            )


def _obey(pod: Pod, link: Link, layer: str) -> Followed | None:
    """Let the version serve that is to serve, if it does not."""
    history = read_history(pod.workspace.versions, layer)
    now = views.served(pod, layer)
    wanted = history.served()[-1:]
    if not history.shared() or wanted == ([now.digest] if now else []):
        return None
    try:
        if wanted:
            _fetch(pod, link, history, wanted[0])
        with open_history(pod.workspace.versions, checked_layer_name(layer)) as one:
            shown = views.show(pod, layer, one.history)
    except (NotFoundError, ResourceError) as error:
        said = f"{layer}: what was decided is not done here yet: {error}"
        return Followed(layer=layer, serves=now and now.digest, sentence=said)
    last = history.shared()[-1]
    what = f"version {shown.digest[:12]} serves now" if shown else "no version serves any more"
    said = f"{layer}: {what} ({last.action} by {last.by or 'somebody'}: {last.why})"
    return Followed(layer=layer, serves=shown and shown.digest, sentence=said)


def _fetch(pod: Pod, link: Link, history: History, digest: str) -> None:
    """The version's file, and what belongs to it as far as the depot has that."""
    gguf = ArtifactRef(kind=views.KIND, digest=digest)
    if pod.store.holds(gguf):
        return
    told = [one.refs for one in history.decisions if one.digest == digest and one.refs]
    refs = told[-1] if told else {}
    try:
        fetch(link, pod.store, [gguf, *refs.values()], progress=pod.progress)
    except NotFoundError:
        fetch(link, pod.store, [gguf], progress=pod.progress)
        return
    if "names" in refs:
        take_names(pod, refs["names"])


def _needed(pod: Pod, gguf: ArtifactRef) -> dict[str, ArtifactRef]:
    """What a pod needs of a version to serve it, and to ask others beside it."""
    digest = pod.store.manifest(gguf).facts.get("passport", {}).get("dataset")
    rows = ArtifactRef(kind="dataset", digest=digest) if digest else None
    found = {"gguf": gguf}
    if rows and pod.store.holds(rows):
        names = names_artifact(pod, rows)
        found |= {"dataset": rows, **({"names": names} if names else {})}
    return found
