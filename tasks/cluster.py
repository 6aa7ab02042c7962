"""Documents read on many machines: the same step for each file, in batches on a Dask cluster.

Chosen by LAMINA_DASK_ADDRESS. Workers need this package, the same store and workspace (a shared
volume), and the pod's environment. What a batch could not do is done by the pod itself afterwards,
so that a lost worker costs time and no document.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from prefect import Task, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.context import SettingsContext, hydrated_context, serialize_context

from lamina.corpus.documents import Document
from lamina.errors import ResourceError
from lamina.orders import Reading
from lamina.progress import Silent
from lamina.stages import corpus
from lamina.stages.pod import Pod
from tasks import edge

if TYPE_CHECKING:
    from prefect_dask.task_runners import DaskTaskRunner

FEWEST, MOST = 25, 100  # documents of a batch: fewer cost orchestration, more cost balance
_CONNECT_S = 10
_ROUNDS = 8  # batches for each worker, where that leaves them large enough


@task(cache_policy=NO_CACHE, task_run_name="judge_batch-{number}")
def judge_batch(number: int, documents: Sequence[Document], reading: Reading) -> float:
    """Read and judge one batch, on whatever machine this runs; seconds of work."""
    del number  # of the name alone
    began_s = time.monotonic()
    pod = Pod(edge.settings(), edge.workspace(), Silent())
    corpus.judge_batch(pod, documents, reading)
    return time.monotonic() - began_s


def judge_on_cluster(documents: Sequence[Document], reading: Reading) -> float:
    """Have the cluster read what the store does not hold yet, if there is one; seconds of work."""
    address = edge.settings().dask_address
    if not address:
        return 0.0
    with edge.pod("unread") as pod:
        unread = corpus.unread_documents(pod, documents, reading)
    if not unread:
        return 0.0
    work_s = _run(address, unread, reading)
    get_run_logger().info(
        "documents read on the cluster: %d, %.1f seconds of work", len(unread), work_s
    )
    return work_s


def _run(address: str, documents: Sequence[Document], reading: Reading) -> float:
    work_s = 0.0
    with _connected(address) as runner:
        client: Any = runner.client  # the library has no types
        workers = len(client.nthreads())
        # The runner's own `submit` packs Prefect's settings and hashes the documents again for each
        # batch, half a second a time: the pod would feed no more than a handful of workers.
        context = serialize_context()
        sent = (uuid4().hex, context.pop("settings_context"), context, judge_batch)
        futures = [
            client.submit(_call, *sent, number, batch, reading, pure=False)
            for number, batch in enumerate(batches(documents, workers), start=1)
        ]
        for number, future in enumerate(futures, start=1):
            if lost := future.exception():
                get_run_logger().warning(
                    "batch %d was lost (%s); this pod reads its documents", number, lost
                )
            else:
                work_s += future.result()
    return work_s


_SETTINGS: dict[str, SettingsContext] = {}  # of the run that a worker had its last batch from


def _call(
    run: str,
    settings: dict[str, Any],
    context: dict[str, Any],
    batch_task: Task[..., float],
    *arguments: object,
) -> float:
    """Run a task on a worker, as one of the flow run that sent it.

    Prefect's settings are made once a run and not once a batch, which would take 0.2 seconds.
    """
    if run not in _SETTINGS:
        _SETTINGS.clear()
        _SETTINGS[run] = SettingsContext(**settings)
    with _SETTINGS[run].copy(), hydrated_context(context):
        return batch_task(*arguments)


def batches(documents: Sequence[Document], workers: int) -> Iterator[Sequence[Document]]:
    """Neighbouring documents, 25 to 100 together, all but the last batch of one size."""
    even = math.ceil(len(documents) / (_ROUNDS * max(1, workers)))
    size = min(MOST, max(FEWEST, even))
    for start in range(0, len(documents), size):
        yield documents[start : start + size]


@contextmanager
def _connected(address: str) -> Iterator["DaskTaskRunner"]:
    with ExitStack() as stack:
        try:
            runner = stack.enter_context(task_runner(address))
            runner.client.nthreads()  # it connects when it is first used
        except OSError as silent:
            msg = (
                f"no Dask scheduler answers at {address}; start it, "
                "or unset LAMINA_DASK_ADDRESS to read on this pod"
            )
            raise ResourceError(msg) from silent
        yield runner


def task_runner(address: str) -> "DaskTaskRunner":
    """Prefect's runner of tasks on this cluster; raises ResourceError where it is not installed."""
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as missing:
        msg = (
            "LAMINA_DASK_ADDRESS names a cluster, and prefect-dask is not installed; "
            "install lamina with the extra `dask`, or unset the variable"
        )
        raise ResourceError(msg) from missing
    return DaskTaskRunner(address=address, client_kwargs={"timeout": _CONNECT_S})
