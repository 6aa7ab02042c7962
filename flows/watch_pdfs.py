"""PDFs that landed are announced once they are whole; an automation trains their layers."""

from prefect import flow

from flows.shell import HOUR_S, begin, named
from lamina.orders import WatchPdfs
from tasks import landing, runs


@flow(name="watch-pdfs", flow_run_name=named(WatchPdfs), timeout_seconds=HOUR_S, log_prints=False)
def watch_pdfs(order: WatchPdfs = WatchPdfs()) -> None:  # noqa: B008
    """One look into the inbox."""
    begin()
    return runs.ended(landing.watch_pdfs(order), None)
