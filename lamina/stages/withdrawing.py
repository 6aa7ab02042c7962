"""A person takes a document back: it feeds no layer any more, on any pod."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lamina.corpus.known_names import Named, known_names
from lamina.errors import InvalidInputError, LaminaError, NotFoundError
from lamina.handover import heads as heads_of
from lamina.handover.cleaning import remove_artifact
from lamina.handover.opening import open_link
from lamina.handover.versions import read_history
from lamina.landing.ledger import open_ledger
from lamina.stages import fleet, handover, landing
from lamina.stages.pod import Pod
from lamina.stages.withdrawn import documents_of, files_of, name_of, set_aside, withdrawn
from lamina.workspace import checked_layer_name

_DIGEST = re.compile(r"[0-9a-f]{6,64}\Z")


class Plan(BaseModel):
    """What withdrawing comes to, before anything is done."""

    model_config = ConfigDict(frozen=True)

    documents: tuple[Named, ...] = Field(description="layer, name, sha256")
    already: tuple[Named, ...] = Field(description="those that were withdrawn before")
    versions: dict[str, tuple[str, ...]] = Field(description="by layer: those trained on them")
    stops: dict[str, tuple[str, ...]] = Field(description="by layer: those that serve no more")
    due: tuple[str, ...] = Field(description="layers to be trained anew, on what is left")

    @property
    def layers(self) -> list[str]:
        """All that are meant."""
        return sorted({one.layer for one in (*self.documents, *self.already)} | self.stops.keys())


class Withdrawal(BaseModel):
    """What was done."""

    model_config = ConfigDict(frozen=True)

    plan: Plan
    moved: tuple[str, ...] = Field(description="files that lie in data/withdrawn now")
    left_depot: tuple[str, ...] = Field(description="names that the depot has no more")


def plan(pod: Pod, file: str | None, layer: str | None, *, stop: bool = False) -> Plan:
    """What withdrawing a document, or without a file all of a layer, would do.

    A version that was trained on it goes on serving until another takes its place; with `stop`, and
    where nothing else feeds the layer, it ends at once.

    Raises:
        NotFoundError: no such document is known on this pod.
        InvalidInputError: the name means several documents, or nothing is named.

    """
    fleet.hear(pod)
    found = _named(pod, file, layer and checked_layer_name(layer))
    gone = withdrawn(pod)
    versions: dict[str, tuple[str, ...]] = {}
    stops: dict[str, tuple[str, ...]] = {}
    due: list[str] = []
    for name in sorted({one.layer for one in found} | ({layer} if layer else set())):
        history = read_history(pod.workspace.versions, name)
        meant = {one.digest for one in found if one.layer == name}
        out = meant | history.withdrawn().keys()
        whole = file is None
        on_it = [one for one in history.digests() if whole or documents_of(pod, one) & meant]
        ending = [one for one in history.served() if one in on_it]
        nothing_left = whole or bool(ending and documents_of(pod, ending[-1]) <= out)
        versions |= {name: tuple(on_it)} if on_it else {}
        stops |= {name: tuple(ending)} if ending and (stop or nothing_left) else {}
        due += [] if nothing_left else [name]
    return Plan(
        documents=tuple(one for one in found if (one.layer, one.digest) not in gone),
        already=tuple(one for one in found if (one.layer, one.digest) in gone),
        versions=versions,
        stops=stops,
        due=tuple(due),
    )


def withdraw(pod: Pod, wanted: Plan, why: str) -> Withdrawal:
    """Do it: noted first, so that a run that ends in between goes on with the next one.

    Raises:
        DamagedError: a history cannot be read.

    """
    for layer in wanted.layers:
        with fleet.deciding(pod, layer) as one:
            for document in wanted.documents:
                if document.layer == layer:
                    one.decide("withdraw", document.digest, why, {"name": document.name})
            for version in wanted.stops.get(layer, ()):
                one.decide("stop", version, f"trained on what was withdrawn: {why}")
    moved = set_aside(pod)
    left: list[str] = []
    try:
        left = take_out_of_depot(pod, [one for one in wanted.layers if one not in wanted.due])
    except LaminaError as error:
        pod.progress.say(f"the depot holds it still: {error}; withdraw it once more, or let it be")
    return Withdrawal(plan=wanted, moved=tuple(moved), left_depot=tuple(left))


def restore(pod: Pod, file: str, layer: str | None, why: str) -> list[str]:
    """Take a withdrawal back: the document lands anew where it lies; `layer/name` of each.

    Raises:
        NotFoundError: nothing of that name is withdrawn.

    """
    fleet.hear(pod)
    found = [
        (at, one)
        for (at, digest), one in withdrawn(pod).items()
        if layer in {None, at} and (name_of(one) == Path(file).name or _begins(digest, file))
    ]
    if not found:
        there = ", ".join(f"{at}/{name_of(one)}" for (at, _), one in withdrawn(pod).items())
        msg = f"nothing that is called {file} is withdrawn; withdrawn is {there or 'nothing'}"
        raise NotFoundError(msg)
    for at, gone in found:
        with fleet.deciding(pod, at) as one:
            one.decide("restore", gone.digest, why, {"name": name_of(gone)})
        with open_ledger(pod.workspace.processed / "landed.json") as ledger:
            if ledger.ledger.announced.get(at, {}).pop(gone.digest, None):
                ledger.save()
        for path in sorted((pod.workspace.withdrawn / at).glob(f"{gone.digest[:8]}-*")):
            target = pod.workspace.raw_pdfs / at / path.name.removeprefix(f"{gone.digest[:8]}-")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
    return [f"{at}/{name_of(one)}" for at, one in found]


def take_out_of_depot(pod: Pod, layers: Sequence[str]) -> list[str]:
    """Let nothing in the depot hold what is withdrawn, but datasets of versions that may serve.

    `layers` are those of which nothing is left. What landed in one go with what is withdrawn stays,
    as a landing of its own. Gives the names that are gone.

    Raises:
        BusyError: the depot cannot be reached.

    """
    if not handover.has_depot(pod):
        return []
    gone = {"/".join(one) for one in withdrawn(pod)}
    left = []
    for name, head in handover.newest_heads(pod, landing.LANDED).items():
        contents = head.facts.get("contents", [])
        if gone.isdisjoint(contents):
            continue
        if not gone.issuperset(contents):
            documents = handover.pull(pod, [name]).heads[name].refs["documents"]
            found = sorted(pod.store.open(documents).glob("*/*/*"))
            landing.hand_in(pod, tuple(landing.landed_from(path) for path in found))
        with open_link(pod.settings) as link:
            heads_of.forget(link, name)
            for ref in head.refs.values():
                remove_artifact(link, ref)
        left.append(name)
    with open_link(pod.settings) as link:
        gone_layers = heads_of.newest_files(link, handover.LAYERS).keys() & {
            f"{handover.LAYERS}/{layer}" for layer in layers
        }
        for name in sorted(gone_layers):
            heads_of.forget(link, name)
    return [*left, *sorted(gone_layers)]


def _named(pod: Pod, file: str | None, layer: str | None) -> list[Named]:
    """The documents that are meant, each of a layer once."""
    if not file and not layer:
        msg = "name a document, or with --layer the layer of which all is withdrawn"
        raise InvalidInputError(msg)
    known = {one for one in known_names(pod.workspace) if layer in {None, one.layer}}
    known |= {Named(at, name_of(one), digest) for (at, digest), one in withdrawn(pod).items()}
    found = sorted(one for one in known if layer in {None, one.layer})
    if file:
        found = _matching(pod, found, file)
    once = {(one.layer, one.digest): one for one in reversed(found)}
    if not once and file:
        where = f" for the layer {layer}" if layer else ""
        msg = f"no document of this pod is called {file}{where}; see data/processed/documents.json"
        raise NotFoundError(msg)
    if not once and layer and not read_history(pod.workspace.versions, layer).decisions:
        msg = f"there is no layer {layer} on this pod, and no document of it"
        raise NotFoundError(msg)
    chosen = sorted(once.values())
    if file and len({one.digest for one in chosen}) > 1:
        told = ", ".join(f"{one.layer}/{one.name} ({one.digest[:12]})" for one in chosen)
        msg = f"{file} means several documents: {told}; name one by the beginning of its sha256"
        raise InvalidInputError(msg)
    return chosen


def _matching(pod: Pod, known: list[Named], file: str) -> list[Named]:
    """By path, by name (with the layer's folder before it), or by the beginning of the digest."""
    for path in (Path(file), pod.workspace.raw_pdfs / file, pod.workspace.archive / file):
        if path.is_file():
            digest = pod.workspace.digests(path)
            at = next((name for name, one in files_of(pod) if one.resolve() == path.resolve()), "")
            return [one for one in known if one.digest == digest and at in {"", one.layer}]
    *above, name = Path(file).parts
    named = [one for one in known if one.name == name and (not above or above[-1] == one.layer)]
    return named or [one for one in known if _begins(one.digest, file)]


def _begins(digest: str, start: str) -> bool:
    return bool(_DIGEST.match(start)) and digest.startswith(start)
