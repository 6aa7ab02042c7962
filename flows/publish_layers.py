"""Newly trained layers: from the depot to the served ones, or held with the reason."""

from collections.abc import Mapping

from prefect import flow

from blocks.in_force import obey
from flows.qa_layers import qa_layers
from flows.shell import run_flow
from lamina.orders import AskLayers, PublishLayers
from tasks import publishing


@flow(name="publish-layers", log_prints=False)
def publish_layers(order: PublishLayers = PublishLayers()) -> Mapping[str, str]:  # noqa: B008
    """Fetch, check, ask, and promote or hold; layer to what was decided."""
    obey()
    candidates = publishing.check_candidates(publishing.fetch_candidates(order))
    if not candidates:
        return {}
    names = [one.layer for one in candidates]
    report = qa_layers(AskLayers(layers=names, candidates=True, max_tokens=order.max_tokens))
    return publishing.decide(order, candidates, report)


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(publish_layers, PublishLayers.model_validate_json(order))
