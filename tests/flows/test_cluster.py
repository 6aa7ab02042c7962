"""Documents read on a Dask cluster: two worker processes, a real Prefect server, no file lost."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_RESULTS_LOCAL_STORAGE_PATH, temporary_settings

from lamina.artifacts import ArtifactRef
from lamina.corpus.isolation import Readers
from lamina.errors import ResourceError
from lamina.text.verdicts import Verdicts, read_verdicts
from tasks import cluster, edge
from tests.flows.probe_tasks import judge_corpus, lost_batch

PROSE = (
    "The company measures each lease at the present value of the payments that are due. It shows "
    "the amount as an asset and as a liability in its accounts of the year. "
)
DOCUMENTS = 60


@pytest.fixture(scope="module")
def pod_with_cluster(
    prefect_server: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, LocalCluster]]:
    """A pod with sixty documents and a damaged one, and the cluster that it reads on."""
    del prefect_server
    root = tmp_path_factory.mktemp("cluster") / "workspace"
    folder = root / "data" / "raw_pdfs" / "Leases"
    folder.mkdir(parents=True)
    for number in range(DOCUMENTS):
        (folder / f"{number}.txt").write_text(f"{PROSE * 3} Document {number}.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing follows")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LAMINA_WORKSPACE", str(root))  # before the workers start: theirs too
        with (
            temporary_settings({PREFECT_RESULTS_LOCAL_STORAGE_PATH: root / "store/results"}),
            LocalCluster(
                n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
            ) as found,
        ):
            environment.setenv("LAMINA_DASK_ADDRESS", found.scheduler_address)
            yield root, found


def judged(ref: ArtifactRef) -> Verdicts:
    return read_verdicts(edge.store(), ref)


def batches_on_record() -> list[str]:
    """The batches that the server has on record as completed, once it has written them all."""
    deadline_s = time.monotonic() + 20
    names: list[str] = []
    while time.monotonic() < deadline_s and len(names) < 3:
        with get_client(sync_client=True) as client:
            runs = client.read_task_runs(limit=200)
        names = [
            run.name
            for run in runs
            if run.name.startswith("judge_batch") and run.state and run.state.is_completed()
        ]
        time.sleep(0.2)
    return sorted(names)


@pytest.mark.usefixtures("pod_with_cluster")
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_S", 1)
    monkeypatch.setenv("LAMINA_DASK_ADDRESS", "tcp://127.0.0.1:9")  # nobody answers there

    with pytest.raises(ResourceError, match="no Dask scheduler answers at tcp://127"):
        judge_corpus()


@pytest.mark.usefixtures("pod_with_cluster")
def test_every_file_ends_in_one_outcome_and_every_batch_on_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_here: list[str] = []
    monkeypatch.setattr(Readers, "read", lambda _, document: read_here.append(document.name))

    found = judged(judge_corpus())

    outcomes = [entry.reasons for entry in found.verdicts]
    assert (len(outcomes), outcomes.count(()), outcomes.count(("corrupt",))) == (
        DOCUMENTS + 1,
        DOCUMENTS,
        1,
    )
    assert read_here == []
    assert batches_on_record() == ["judge_batch-1", "judge_batch-2", "judge_batch-3"]


def test_the_documents_of_a_lost_batch_are_read_by_the_pod(
    pod_with_cluster: tuple[Path, LocalCluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, _ = pod_with_cluster
    (root / "data/raw_pdfs/Leases/new.txt").write_text(f"{PROSE * 3} A new document.")
    monkeypatch.setattr(cluster, "judge_batch", lost_batch)

    assert len(judged(judge_corpus()).verdicts) == DOCUMENTS + 2


@pytest.mark.usefixtures("pod_with_cluster")
def test_nothing_is_sent_when_nothing_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_DASK_ADDRESS", "tcp://127.0.0.1:9")  # nobody answers there

    assert len(judged(judge_corpus()).verdicts) == DOCUMENTS + 2


@pytest.mark.parametrize(
    ("documents", "workers", "sizes"),
    [
        (10_000, 2, {100}),
        (1_000, 2, {63, 55}),
        (60, 2, {25, 10}),
        (10_000, 100, {25}),
        (3, 2, {3}),
    ],
)
def test_a_batch_has_25_to_100_documents(documents: int, workers: int, sizes: set[int]) -> None:
    found = list(cluster.batches(range(documents), workers))  # type: ignore[arg-type]

    assert {len(batch) for batch in found} == sizes
    assert [number for batch in found for number in batch] == list(range(documents))


def test_without_the_extra_the_setting_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "prefect_dask.task_runners", None)

    with pytest.raises(ResourceError, match="extra `dask`"):
        cluster.task_runner("tcp://127.0.0.1:9")
