"""What each layer is worth, asked of a running server."""

from prefect.concurrency.sync import concurrency

from lamina.artifacts import ArtifactRef
from lamina.assessment.report.summary import Headline
from lamina.orders import AskLayers
from lamina.stages import outcomes, worth
from tasks import edge
from tasks.caching import step
from tasks.recall import is_recalling, known

ONE_AT_A_TIME = "lamina-assessment"  # a limit that the bootstrap makes: latencies are measured


@step("qa_layers")
def qa_layers(order: AskLayers) -> ArtifactRef:
    """Ask every layer and blend; the server is started for the time if none is up."""
    with edge.pod("qa-layers") as pod:
        if is_recalling():
            return known(worth.known_report(pod, order))
        with concurrency(ONE_AT_A_TIME):
            return worth.qa_layers(pod, order)


@step("publish_report")
def publish_report(report: ArtifactRef) -> str:
    """Put the report under `qa/`, and its table among the run's artifacts; a sentence."""
    from lamina.assessment.report.files import read_summary

    with edge.pod("qa-report") as pod:
        page = worth.publish_report(pod, report)
        edge.markdown("qa-layers", worth.report_markdown(pod, report, page))
        edge.OUTCOMES.append(outcomes.of_report(pod, page, report))
        return read_summary(pod.store.open(report)).headline.sentence


def show_report(report: ArtifactRef) -> Headline:
    """Print the table; the run in one line of figures."""
    from lamina.assessment.report.files import print_table, read_changes, read_summary

    folder = edge.store().open(report)
    summary = read_summary(folder)
    print_table(summary, changes=read_changes(folder))
    return summary.headline
