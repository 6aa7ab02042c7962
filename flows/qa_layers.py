"""What each layer and blend is worth against the base, asked over HTTP."""

from prefect import flow

from blocks.in_force import obey
from flows.shell import run_flow
from lamina.artifacts import ArtifactRef
from lamina.orders import AskLayers
from tasks import assessment


@flow(name="qa-layers", log_prints=False)
def qa_layers(order: AskLayers = AskLayers()) -> ArtifactRef:  # noqa: B008
    """Ask, grade, report."""
    obey()
    report = assessment.qa_layers(order)
    assessment.publish_report(report)
    return report


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(qa_layers, AskLayers.model_validate_json(order), assessment.show_report)
