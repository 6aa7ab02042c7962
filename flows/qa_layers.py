"""What each layer and blend is worth against the base, asked over HTTP."""

from prefect import flow

from blocks.in_force import obey
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
    assessment.show_report(qa_layers(AskLayers.model_validate_json(order)))
    return 0
