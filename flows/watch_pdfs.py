"""PDFs that landed are announced once they are whole; an automation trains their layers."""

from prefect import flow

from blocks.in_force import obey
from flows.shell import run_flow
from lamina.orders import WatchPdfs
from tasks import landing


@flow(name="watch-pdfs", log_prints=False)
def watch_pdfs(order: WatchPdfs = WatchPdfs()) -> int:  # noqa: B008
    """One look into the inbox; how many files were announced."""
    obey()
    return landing.watch_pdfs(order)


def main(order: str) -> int:
    """Run from the command line."""
    return run_flow(watch_pdfs, WatchPdfs.model_validate_json(order))
