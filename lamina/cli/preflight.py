"""What is refused before Prefect is started or anything is trained, since it could not end well."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamina.cli.shared import open_pod
from lamina.disk import check_disk
from lamina.errors import ResourceError

if TYPE_CHECKING:
    from lamina.orders import AskLayers
    from lamina.settings import Settings
    from lamina.stages.pod import Pod

ROOM_BYTES = (
    64_000_000  # Prefect's records, logs and reports of one run; layers are asked for apart
)


@contextmanager
def before_flow(**overrides: Any) -> Iterator["Pod"]:  # noqa: ANN401 - any field of the settings
    """The pod that a flow is about to run on; raises ResourceError where it can write nothing."""
    with open_pod(**overrides) as pod:
        root = pod.workspace.root
        if not os.access(root, os.W_OK | os.X_OK):
            msg = (
                f"cannot write to {root}; correct its permissions, "
                "or choose a writable workspace with LAMINA_WORKSPACE"
            )
            raise ResourceError(msg)
        check_disk("a run", root, ROOM_BYTES)
        yield pod


def for_training(layers: Sequence[str]) -> "Settings":
    """Base, disk and folders of PDFs stand; the settings in force."""
    from lamina.corpus.documents import check_folders
    from lamina.stages import corpus, handover

    with before_flow() as pod:
        corpus.check_base(pod)
        if not handover.has_depot(pod):  # else more may come from there
            check_folders(pod.workspace, layers)
        return pod.settings


def for_demo(base: str) -> "Settings":
    """The base stands, fetched where it is a real one; the settings, layers side by side on a CPU.

    On two cores two processes of one thread train faster than one process of two threads.
    """
    from lamina.bases import shelf
    from lamina.demo.world import sample_topics
    from lamina.stages.bases import add_base
    from lamina.training.workers import gpus

    with before_flow(base_model=Path(base)) as pod:
        if base == "tiny":
            return pod.settings
        if not (pod.workspace.bases / base).is_dir():
            add_base(pod, base)
        shelf.use(pod.workspace, base)  # what `lamina serve` takes there afterwards
        workers = pod.settings.train_workers
        if not gpus():
            workers = workers or min(pod.settings.n_threads, len(sample_topics()))
        return pod.settings.model_copy(update={"train_workers": workers})


def for_asking(order: "AskLayers") -> "Settings":
    """A server is up, or could be started; what it reads stands; the settings in force."""
    from lamina.assessment.grading.overrides import read_overrides
    from lamina.stages import worth

    if order.against:
        from lamina.assessment.report.files import other_folder

        other_folder(Path(order.against))
    with before_flow() as pod:
        read_overrides(pod.workspace.overrides)
        worth.model_to_serve(pod, order)
        return pod.settings


def for_publishing(layers: Sequence[str]) -> "Settings":
    """There is a depot to fetch from, or a layer that was made here; the settings in force."""
    from lamina.handover.opening import open_link
    from lamina.workspace import checked_layer_name

    for name in layers:
        checked_layer_name(name)
    with before_flow() as pod:
        if pod.settings.store_url or not pod.workspace.trained():
            open_link(pod.settings)  # connects later
        return pod.settings
