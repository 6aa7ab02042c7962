"""What Prefect and Dask cost when many documents are read: the share of the wall time, the records.

    python benchmarks/corpus_orchestration.py [--files 10000] [--data FOLDER] [--out FILE]

Copies of the topics' PDFs, each with other bytes, are judged twice, into stores of their own: by
`judged_documents` alone, two files at once, and by the flow on a local Dask cluster of two worker
processes, with a Prefect server. Runs as a file, since Dask starts its workers from it.
"""

import argparse
import itertools
import os
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import reports
from prefect import flow

from lamina.corpus.documents import find_documents
from lamina.corpus.isolation import ReadingLimits
from lamina.corpus.pretest import judged_documents
from lamina.corpus.verdict import VerdictSettings
from lamina.orders import Reading
from lamina.progress import Silent
from lamina.settings import load
from lamina.text.verdicts import read_verdicts
from lamina.workspace import Workspace
from tasks import cluster, corpus, edge

WORKERS = 2
FILES_ALONE = 940  # all topics five times
PATIENCE_S = 120
QUIET_SERVER = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}


class Figures(NamedTuple):
    """What was measured."""

    documents: int
    alone_ms: float
    flow_s: float
    work_s: float
    batches: int
    recorded: int


@flow(name="judge-corpus", log_prints=False)
def judge_corpus() -> tuple[int, float, float]:
    """Documents, seconds until they are judged, seconds of work in the batches."""
    began_s = time.monotonic()
    documents = corpus.find_documents()
    found_s = time.monotonic()
    work_s = cluster.judge_on_cluster(documents, Reading())
    on_cluster_s = time.monotonic()
    verdicts = read_verdicts(edge.store(), corpus.pdf_pretest(documents, Reading())).verdicts
    judged_s = time.monotonic()
    print(
        f"found {found_s - began_s:.1f} s, cluster {on_cluster_s - found_s:.1f} s with "
        f"{work_s:.1f} s of work, collected {judged_s - on_cluster_s:.1f} s",
        flush=True,
    )
    return len(verdicts), judged_s - began_s, work_s


def main() -> None:
    """Run both and print a table."""
    options = _parsed()
    with tempfile.TemporaryDirectory() as folder:
        sources = sorted((options.data / "topics").rglob("*.pdf"))
        plain, flowing = (Path(folder) / name for name in ("plain", "flow"))
        few = min(options.files, FILES_ALONE)
        _copies(sources, few, plain / "data" / "raw_pdfs" / "Topics")
        alone_ms = 1000 * _plain(plain) / few
        print(f"alone {alone_ms:.1f} ms a document", flush=True)
        _copies(sources, options.files, flowing / "data" / "raw_pdfs" / "Topics")
        report = _report(_flow(flowing, alone_ms))
    reports.tell(report, options)


def _parsed() -> argparse.Namespace:
    parser = reports.parser(__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    return parser.parse_args()


def _copies(sources: list[Path], count: int, folder: Path) -> None:
    folder.mkdir(parents=True)
    for number, source in zip(range(count), itertools.cycle(sources), strict=False):
        (folder / f"{number}.pdf").write_bytes(source.read_bytes() + f"\n%{number}\n".encode())


def _plain(root: Path) -> float:
    workspace = Workspace(load(workspace=root)).make()
    began_s = time.monotonic()
    judged_documents(
        find_documents(workspace),
        store=workspace.store,
        progress=Silent(),
        settings=VerdictSettings(),
        limits=ReadingLimits(),
        workers=WORKERS,
    )
    return time.monotonic() - began_s


def _flow(root: Path, alone_ms: float) -> Figures:
    from distributed import LocalCluster
    from prefect.settings import PREFECT_RESULTS_LOCAL_STORAGE_PATH, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    os.environ |= {"LAMINA_WORKSPACE": str(root), **QUIET_SERVER}
    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_RESULTS_LOCAL_STORAGE_PATH: root / "store" / "results"}),
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as found,
    ):
        os.environ["LAMINA_DASK_ADDRESS"] = found.scheduler_address
        documents, flow_s, work_s = judge_corpus()
        batches = sum(1 for _ in cluster.batches(range(documents), WORKERS))
        return Figures(documents, alone_ms, flow_s, work_s, batches, _recorded(batches))


def _recorded(batches: int) -> int:
    """How many batches the server has on record as completed; it writes them a little later."""
    from prefect.client.orchestration import get_client

    deadline_s = time.monotonic() + PATIENCE_S
    count = 0
    while count < batches and time.monotonic() < deadline_s:
        time.sleep(1)
        with get_client(sync_client=True) as client:
            runs = list(
                itertools.chain.from_iterable(
                    client.read_task_runs(limit=200, offset=offset)
                    for offset in range(0, batches + 200, 200)
                )
            )
        count = sum(
            run.name.startswith("judge_batch")
            and run.state is not None
            and run.state.is_completed()
            for run in runs
        )
    return count


def _report(figures: Figures) -> str:
    flow_s, busy_s = figures.flow_s, figures.work_s / WORKERS
    flow_ms, busy_ms = (1000 * seconds / figures.documents for seconds in (flow_s, busy_s))
    lines = [
        "# What orchestration costs",
        "",
        f"Made by `python benchmarks/corpus_orchestration.py --files {figures.documents}`:",
        f"copies of the topics' PDFs, each with other bytes, on {WORKERS} worker processes.",
        "Wall time, from looking for documents to the verdicts of all.",
        "",
        "| | seconds | ms a document |",
        "|---|---:|---:|",
        f"| the flow on Dask, {figures.batches} batches | {flow_s:.1f} | {flow_ms:.2f} |",
        f"| of it work inside the batches, by worker | {busy_s:.1f} | {busy_ms:.2f} |",
        f"| {FILES_ALONE} files by the same step without Prefect | | {figures.alone_ms:.2f} |",
        "",
        f"Wall time that is not work inside the batches: {100 * (1 - busy_s / flow_s):.1f} %.",
        f"Documents judged: {figures.documents}. Batches on the server's record as completed:",
        f"{figures.recorded} of {figures.batches}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
