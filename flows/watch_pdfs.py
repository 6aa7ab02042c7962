"""PDFs that landed are announced once they are whole; an automation trains their layers."""

from prefect import flow

from blocks.in_force import obey
from lamina.orders import WatchPdfs
from tasks import landing


@flow(name="watch-pdfs", log_prints=False)
def watch_pdfs(order: WatchPdfs = WatchPdfs()) -> int:  # noqa: B008
    """One look into the inbox; how many files were announced."""
    obey()
    return landing.watch_pdfs(order)
