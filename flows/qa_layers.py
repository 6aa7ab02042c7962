"""What each layer and blend is worth against the base, asked over HTTP."""

from prefect import flow

from flows.shell import HOUR_S, begin, named, run_flow
from lamina.artifacts import ArtifactRef
from lamina.orders import AskLayers
from tasks import assessment, runs


@flow(
    name="qa-layers", flow_run_name=named(AskLayers), timeout_seconds=12 * HOUR_S, log_prints=False
)
def qa_layers(order: AskLayers = AskLayers()) -> ArtifactRef:  # noqa: B008
    """Ask, grade, report."""
    begin()
    report = assessment.qa_layers(order)
    return runs.ended(assessment.publish_report(report), report)


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(qa_layers, AskLayers.model_validate_json(order), assessment.show_report)
