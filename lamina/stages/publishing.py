"""Layers trained elsewhere: fetched, checked, and promoted or held by what they proved."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lamina.artifacts import ArtifactRef
from lamina.assessment.report.summary import Summary
from lamina.errors import LaminaError, MismatchError
from lamina.gguf import read_header
from lamina.orders import PublishLayers
from lamina.passport import Passport, identify_gguf
from lamina.stages import approval, handover, judging, parity, shown, trend
from lamina.stages.pod import Pod
from lamina.stages.taught import datasets_of

WAITS = "waits for a person"


class Candidate(BaseModel):
    """A version of a layer that waits for its verdict."""

    model_config = ConfigDict(frozen=True)

    layer: str
    gguf: ArtifactRef
    dataset: ArtifactRef | None = None
    parity: ArtifactRef | None = None


def fetch_candidates(pod: Pod, order: PublishLayers) -> tuple[Candidate, ...]:
    """Fetch the newest version of each layer, and put those that are news where QA finds them.

    The base comes along where this pod has none. Rows that were held out of training come too: they
    are what a layer is measured on.

    Raises:
        NotFoundError: a layer is not in the depot.
        InvalidInputError: there is no depot.

    """
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


def _datasets(pod: Pod, found: Sequence[Candidate]) -> list[ArtifactRef]:
    """The rows of what was fetched, and of every other layer that serves here: all are asked."""
    served = datasets_of(pod, pod.workspace.adapters_gguf)
    return list((served | {one.layer: one.dataset for one in found if one.dataset}).values())


class Checked(BaseModel):
    """What the checks came to."""

    model_config = ConfigDict(frozen=True)

    sound: tuple[Candidate, ...] = Field(description="those that may be asked")
    figures: list[dict[str, Any]] = Field(description="a row for each of them")
    held: list[dict[str, Any]] = Field(description="a row for each that a check failed, with why")


def check_candidates(pod: Pod, candidates: Sequence[Candidate]) -> Checked:
    """Check each; one that fails is held and does not stop the others."""
    sound, figures, held = [], [], []
    for one in candidates:
        try:
            figures.append(check_candidate(pod, one))
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
    model = pod.workspace.base_gguf(pod.settings)
    base = identify_gguf(read_header(model.resolve()))
    if base.fingerprint != papers.base_fingerprint:
        msg = (
            f"{candidate.layer} was made for the base {papers.base_name}, and {model.name} is "
            "another one; serve that base, or train the layer on this one"
        )
        raise MismatchError(msg)


def decide(
    pod: Pod, order: PublishLayers, candidates: Sequence[Candidate], report: ArtifactRef
) -> list[dict[str, Any]]:
    """Promote what proved to be worth it, hold the rest; a row for each."""
    from lamina.assessment.report.files import read_summary

    summary: Summary = read_summary(pod.store.open(report))
    rows = []
    for one in candidates:
        worth = summary.worth(one.layer)
        why = worth.sentence if worth else f"{one.layer} was not measured"
        facts: Mapping[str, Any] = {
            "report": report.digest,
            "verdict": worth and str(worth.verdict.word),
            "judged_by": judging.judged_by(pod, one.layer, one.dataset),
            "figures": worth and trend.figures(pod, one.gguf, worth, summary.made),
        }
        if worth and worth.verdict.word in order.promote:
            if not worth.verdict.promoted:
                why = f"promoted as ordered, though it would be held. {why}"
            if approval.is_asked(pod):
                said = approval.put_off(pod, one.layer, one.gguf, why, facts)
                rows.append(_row(one, WAITS, said))
                continue
            handover.promote(pod, one.layer, one.gguf, why, facts)
            rows.append(_row(one, "promoted", why))
        else:
            handover.hold(pod, one.layer, one.gguf, why, facts)
            rows.append(_row(one, "held", why))
    return rows


def _row(candidate: Candidate, decision: str, why: str) -> dict[str, Any]:
    return {
        "layer": candidate.layer,
        "decision": decision,
        "version": candidate.gguf.digest[:12],
        "why": why,
    }
