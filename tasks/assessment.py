"""What each layer is worth, asked of a running server."""

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.concurrency.sync import concurrency

from lamina.artifacts import ArtifactRef
from lamina.assessment.summary import Headline
from lamina.orders import AskLayers
from lamina.stages import worth
from tasks import edge

ONE_AT_A_TIME = "lamina-assessment"  # a limit that the bootstrap makes: latencies are measured


@task(cache_policy=NO_CACHE, task_run_name="qa_layers")
def qa_layers(order: AskLayers) -> ArtifactRef:
    """Ask every layer and blend; the server is started for the time if none is up."""
    with edge.pod("qa-layers") as pod, concurrency(ONE_AT_A_TIME):
        return worth.qa_layers(pod, order)


@task(cache_policy=NO_CACHE, task_run_name="publish_report")
def publish_report(report: ArtifactRef) -> None:
    """Put the report under `qa/`, and its table among the run's artifacts."""
    with edge.pod("qa-report") as pod:
        page = worth.publish_report(pod, report)
        create_markdown_artifact(worth.report_markdown(pod, report, page), key="qa-layers")


def show_report(report: ArtifactRef) -> Headline:
    """Print the table and where the page lies; the run in one line of figures."""
    from lamina.assessment.report import REPORT, print_table, read_summary

    workspace = edge.workspace()
    summary = read_summary(workspace.store.open(report))
    print_table(summary)
    print(f"\nreport: {workspace.qa / REPORT}")
    return summary.headline
