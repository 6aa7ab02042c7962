"""Newly trained layers: from the depot to the served ones, or held with the reason."""

from collections.abc import Mapping

from prefect import flow

from flows.qa_layers import qa_layers
from flows.shell import begin, named, run_flow
from lamina.orders import AskLayers, PublishLayers
from tasks import publishing, runs


@flow(name="publish-layers", flow_run_name=named(PublishLayers), log_prints=False)
def publish_layers(order: PublishLayers = PublishLayers()) -> Mapping[str, str]:  # noqa: B008
    """Fetch, check, ask, and promote or hold; layer to what was decided."""
    begin()
    fetched = publishing.fetch_candidates(order)
    runs.call(order.called([one.layer for one in fetched]))
    checked = publishing.check_candidates(fetched)
    rows = checked.held
    if names := [one.layer for one in checked.sound]:
        asked = AskLayers(layers=names, candidates=True, max_tokens=order.max_tokens)
        rows = rows + publishing.decide(order, checked.sound, qa_layers(asked))
    return runs.ended(order.told(rows), {row["layer"]: row["decision"] for row in rows})


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(publish_layers, PublishLayers.model_validate_json(order))
