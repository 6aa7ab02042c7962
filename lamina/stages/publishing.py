"""Layers trained elsewhere: fetched, checked, and promoted or held by what they proved."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from lamina.artifacts import ArtifactRef
from lamina.assessment.summary import Summary
from lamina.errors import LaminaError, MismatchError
from lamina.gguf import read_header
from lamina.orders import PublishLayers
from lamina.passport import Passport, identify_gguf
from lamina.stages import corpus, handover
from lamina.stages.pod import Pod


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
        base = handover.pull(pod, ["base"])
        handover.place_base(pod, base.heads["base"].refs["gguf"])
    names = [f"layers/{name}" for name in order.layers] or ["layers"]
    heads = handover.pull(pod, names, roles={"gguf", "dataset", "parity"}).heads
    found = [
        Candidate(layer=name.removeprefix("layers/"), **head.refs) for name, head in heads.items()
    ]
    news = [
        one for one in found if order.again or not handover.is_decided(pod, one.layer, one.gguf)
    ]
    for one in news:
        handover.place_candidate(pod, one.layer, one.gguf)
    corpus.publish_datasets(pod, [one.dataset for one in found if one.dataset])
    return tuple(news)


def sound_candidates(
    pod: Pod, candidates: Sequence[Candidate]
) -> tuple[tuple[Candidate, ...], list[dict[str, Any]]]:
    """Those that may be asked, and a row for each that is held because a check failed."""
    rows = []
    sound = []
    for one in candidates:
        try:
            check_candidate(pod, one)
        except LaminaError as error:
            handover.hold(pod, one.layer, one.gguf, str(error))
            rows.append(_row(one, "held", str(error)))
        else:
            sound.append(one)
    return tuple(sound), rows


def check_candidate(pod: Pod, candidate: Candidate) -> None:
    """Raise what is wrong with a candidate: its passport, its base, its parity.

    Raises:
        MismatchError: it has no passport, or one for another base, or for another layer.

    """
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
    from lamina.assessment.report import read_summary

    summary: Summary = read_summary(pod.store.open(report))
    rows = []
    for one in candidates:
        worth = summary.worth(one.layer)
        why = worth.sentence if worth else f"{one.layer} was not measured"
        facts: Mapping[str, Any] = {"report": report.digest, "verdict": _verdict(worth)}
        if worth and worth.verdict in order.promote:
            handover.promote(pod, one.layer, one.gguf, why, facts)
            rows.append(_row(one, "promoted", why))
        else:
            handover.hold(pod, one.layer, one.gguf, why, facts)
            rows.append(_row(one, "held", why))
    return rows


def _verdict(worth: Any) -> str | None:  # noqa: ANN401 - a Worth or None
    return str(worth.verdict) if worth else None


def _row(candidate: Candidate, decision: str, why: str) -> dict[str, Any]:
    return {
        "layer": candidate.layer,
        "decision": decision,
        "version": candidate.gguf.digest[:12],
        "why": why,
    }
