"""Layers that were trained elsewhere: fetched, checked, promoted or held."""

from collections.abc import Mapping, Sequence
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.orders import PublishLayers
from lamina.stages import handover, outcomes, publishing
from lamina.stages.publishing import Candidate, Checked
from tasks import approval, edge
from tasks.caching import step

LAYER_HELD = "lamina.layer.held"  # whoever is notified hears of it


@step("fetch_candidates", retries=2, retry_delay_seconds=[10, 60])
def fetch_candidates(order: PublishLayers) -> tuple[Candidate, ...]:
    """Fetch what the depot has of news."""
    with edge.pod("fetch-layers") as pod:
        found = publishing.fetch_candidates(pod, order)
        if not found:
            pod.progress.say("nothing new in the depot; --again judges what was decided upon, too")
        return found


@step("check_candidates")
def check_candidates(candidates: Sequence[Candidate]) -> Checked:
    """Hold those that fail a check; what the checks came to."""
    with edge.pod("check-layers") as pod:
        checked = publishing.check_candidates(pod, candidates)
        edge.table("layers-checked", checked.figures, "What they say here, against their ladders")
        edge.table("layers-held", checked.held, "Held before they were asked")
        _tell_held(checked.held)
        edge.OUTCOMES.append(outcomes.of_decisions(pod, checked.held))
        return checked


@step("decide")
def decide(
    order: PublishLayers, candidates: Sequence[Candidate], report: ArtifactRef
) -> list[dict[str, Any]]:
    """Promote or hold each by its verdict; a row for each."""
    with edge.pod("decide") as pod:
        rows = publishing.decide(pod, order, candidates, report)
        _tell_held(rows)
        approval.ask([row for row in rows if row["decision"] == publishing.WAITING])
        edge.table("layers-published", rows, "What became of each new version")
        edge.OUTCOMES.append(outcomes.of_decisions(pod, rows))
        return rows


@step("rollback")
def rollback(layer: str) -> ArtifactRef:
    """The version that served before takes the layer's place again."""
    with edge.pod("rollback") as pod:
        return handover.rollback(pod, layer)


def _tell_held(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        if row["decision"] == "held":
            edge.event(LAYER_HELD, f"lamina.layer.{row['layer']}", row)
