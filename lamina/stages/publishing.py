"""New versions of layers: fetched, checked, and promoted or held by what they proved.

What cannot be judged now, because a link, a disk or a process failed, is put off: it stays a
candidate, nothing is noted, and the next run judges it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.assessment.report.summary import Summary
from lamina.errors import BusyError, LaminaError, MismatchError, ResourceError
from lamina.gguf import read_header
from lamina.handover.versions import WAITS, read_history
from lamina.orders import PublishLayers
from lamina.passport import Passport, identify_gguf
from lamina.stages import fleet, handover, judging, parity, shown, trend, versions
from lamina.stages.pod import Pod
from lamina.stages.taught import dataset_of, datasets_of
from lamina.stages.views import newest_made
from lamina.stages.withdrawn import trained_on

TEMPORARY = (BusyError, ResourceError)  # no fault of the layer's: tried again, and no hold
WAITING = "waiting for approval"
_OPEN = ("too little evidence", "unclear")  # verdicts that more answers can change


class Candidate(BaseModel):
    """A version of a layer that waits for its verdict."""

    model_config = ConfigDict(frozen=True)

    layer: str
    gguf: ArtifactRef
    dataset: ArtifactRef | None = None
    parity: ArtifactRef | None = None
    made_here: bool = False


def fetch_candidates(pod: Pod, order: PublishLayers) -> tuple[Candidate, ...]:
    """Fetch the newest version of each layer, and put those that are news where QA finds them.

    The base comes along where this pod has none. Rows that were held out of training come too: they
    are what a layer is measured on. Without a depot they are those that were made on this machine.

    Raises:
        NotFoundError: a layer is not in the depot.
        BusyError: the depot cannot be reached.

    """
    if not handover.has_depot(pod):
        return _made_here(pod, order)
    for said in fleet.follow(pod):
        pod.progress.say(said.sentence)
    if not pod.workspace.base_gguf(pod.settings).exists():
        handover.fetch_base(pod)
    names = [f"layers/{name}" for name in order.layers] or ["layers"]
    heads = handover.pull(pod, names, roles={"gguf", "dataset", "parity", "names"}).heads
    found = [
        Candidate(layer=name.removeprefix("layers/"), **head.refs) for name, head in heads.items()
    ]
    news = [
        one
        for one in found
        if order.again or judging.is_news(pod, one.layer, one.gguf, one.dataset)
    ]
    for one in news:
        handover.place_candidate(pod, one.layer, one.gguf)
    shown.publish_datasets(pod, _datasets(pod, found))
    return tuple(news)


def _made_here(pod: Pod, order: PublishLayers) -> tuple[Candidate, ...]:
    """Versions that were made on this machine and that nobody has judged."""
    found = []
    for layer in order.layers or sorted(pod.workspace.trained()):
        gguf = newest_made(pod, layer)
        if gguf is None:
            continue
        dataset = dataset_of(pod, pod.store.open(gguf) / "adapter.gguf")
        if order.again or judging.is_news(pod, layer, gguf, dataset):
            found.append(Candidate(layer=layer, gguf=gguf, dataset=dataset, made_here=True))
            handover.place_candidate(pod, layer, gguf)
    return tuple(found)


def _datasets(pod: Pod, found: Sequence[Candidate]) -> list[ArtifactRef]:
    """The rows of what was fetched, and of every other layer that serves here: all are asked."""
    served = datasets_of(pod, pod.workspace.adapters_gguf)
    return list((served | {one.layer: one.dataset for one in found if one.dataset}).values())


class Checked(BaseModel):
    """What the checks came to."""

    model_config = ConfigDict(frozen=True)

    sound: tuple[Candidate, ...] = Field(description="those that may be asked")
    figures: list[dict[str, Any]] = Field(description="a row for each of them")
    held: list[dict[str, Any]] = Field(
        description="a row for each that a check failed, or that could not be checked now, with why"
    )


def check_candidates(pod: Pod, candidates: Sequence[Candidate]) -> Checked:
    """Check each; one that fails is held or put off, and does not stop the others."""
    sound, figures, held = [], [], []
    for one in candidates:
        try:
            figures.append(check_candidate(pod, one))
        except TEMPORARY as error:
            held.append(_put_off(one, str(error)))
        except LaminaError as error:
            handover.hold(pod, one.layer, one.gguf, str(error))
            held.append(_row(one, "held", str(error)))
        else:
            sound.append(one)
    return Checked(sound=tuple(sound), figures=figures, held=held)


def check_candidate(pod: Pod, candidate: Candidate) -> dict[str, Any]:
    """Passport, base, and what it says on this pod against its parity ladder; the figures.

    Raises:
        MismatchError: papers or figures are not those of this layer on this base.

    """
    _check_papers(pod, candidate)
    if candidate.made_here:  # its ladder was climbed on these very files
        return {"layer": candidate.layer, "verdict": "made here"}
    if candidate.parity is None:
        msg = (
            f"{candidate.layer} came without its parity ladder; "
            f"run `lamina parity {candidate.layer}` where it was trained, and push it again"
        )
        raise MismatchError(msg)
    parity.require_parity(parity.verdict(pod, candidate.parity))
    served = parity.check_arrived(pod, candidate.gguf, candidate.parity)
    if not served.passed:
        msg = f"{served.sentence}; push base, layer and ladder again from the pod that made them"
        raise MismatchError(msg)
    return served.row()


def _check_papers(pod: Pod, candidate: Candidate) -> None:
    header = read_header(pod.store.open(candidate.gguf) / "adapter.gguf")
    papers = Passport.from_gguf(header)
    if papers is None or papers.layer != candidate.layer:
        said = "no passport" if papers is None else f"the passport of {papers.layer}"
        msg = f"{candidate.layer} came with {said}; export it again on the pod that trained it"
        raise MismatchError(msg)
    check_withdrawn(pod, candidate)
    model = pod.workspace.base_gguf(pod.settings)
    base = identify_gguf(read_header(model.resolve()))
    if base.fingerprint != papers.base_fingerprint:
        msg = (
            f"{candidate.layer} was made for the base {papers.base_name}, and {model.name} is "
            "another one; serve that base, or train the layer on this one"
        )
        raise MismatchError(msg)


def check_withdrawn(pod: Pod, candidate: Candidate) -> None:
    """Raise MismatchError for a version that was trained on what was withdrawn since."""
    history = read_history(pod.workspace.versions, candidate.layer)
    if gone := trained_on(pod, history, candidate.gguf.digest):
        msg = f"{candidate.layer} was trained on {', '.join(gone)}, withdrawn since; train it again"
        raise MismatchError(msg)


def decide(
    pod: Pod, order: PublishLayers, candidates: Sequence[Candidate], report: ArtifactRef
) -> list[dict[str, Any]]:
    """Promote what proved to be worth it, hold the rest; a row for each.

    Where promotions need a person's word, what proved to be worth it is held until then. What was
    made here and serves goes on, if nothing is known against it and nothing proved stands before.
    """
    from lamina.assessment.report.files import read_summary

    summary: Summary = read_summary(pod.store.open(report))
    rows = []
    for one in candidates:
        worth = summary.worth(one.layer)
        missing = summary.facts.get("Not measured", "") if worth else "it was not measured"
        if worth is None or (missing and worth.verdict.word in _OPEN):
            rows.append(_put_off(one, missing))
            continue
        why = worth.sentence
        facts: Mapping[str, Any] = {
            "report": report.digest,
            "verdict": str(worth.verdict.word),
            "judged_by": judging.judged_by(pod, one.layer, one.dataset),
            "figures": trend.figures(pod, one.gguf, worth, summary.made),
        }
        if worth.verdict.word in order.promote:
            if not worth.verdict.promoted:
                why = f"promoted as ordered, though it would be held. {why}"
            if pod.settings.approval_hours:
                handover.hold(pod, one.layer, one.gguf, why, {**facts, WAITS: "approval"})
                rows.append(_row(one, WAITING, why))
                continue
            handover.promote(pod, one.layer, one.gguf, why, facts)
            rows.append(_row(one, "promoted", why))
        elif worth.verdict.word in _OPEN and _is_best_made_here(pod, one):
            why = f"it goes on serving, unproved, until something is known against it. {why}"
            versions.keep(pod, one.layer, one.gguf, why, facts)
            rows.append(_row(one, "kept", why))
        else:
            handover.hold(pod, one.layer, one.gguf, why, facts)
            rows.append(_row(one, "held", why))
    return rows


def _is_best_made_here(pod: Pod, candidate: Candidate) -> bool:
    """Whether a version serves because it was made here, and no promoted one could instead."""
    if not candidate.made_here or handover.served(pod, candidate.layer) != candidate.gguf:
        return False
    return not read_history(pod.workspace.versions, candidate.layer).has_proved()


def _put_off(candidate: Candidate, why: str) -> dict[str, Any]:
    return _row(candidate, "put off", f"{why}; the next run judges it")


def _row(candidate: Candidate, decision: str, why: str) -> dict[str, Any]:
    return {
        "layer": candidate.layer,
        "decision": decision,
        "version": candidate.gguf.digest[:12],
        "why": why,
    }
