"""Layers side by side: one worker for each GPU, each with a base of its own loaded.

For a job of many layers this is what several GPUs of one pod are best used for: no gradient crosses
from one to another, and a worker that dies takes one layer along and no other. Where a worker has
several GPUs, it is a process for each of them, which train one layer together (see `team`).
"""

import atexit
import os
import queue
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice

from lamina.artifacts import ArtifactRef
from lamina.errors import LaminaError
from lamina.progress import Progress, Silent
from lamina.training.child import Child
from lamina.training.team import Team
from lamina.training.worker import Job

GRACE_S = 10.0  # for the others of a team, when one of them has ended


def gpus(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The CUDA devices that this process may use, as names for CUDA_VISIBLE_DEVICES; no torch."""
    chosen = environment.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name.strip() for name in chosen.split(",") if name.strip() not in {"", "-1"}]
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    listed = subprocess.run([command, "-L"], check=False, capture_output=True, text=True)
    found = [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]
    return [str(number) for number in range(len(found))]


def devices(workers: int, found: Sequence[str], a_layer: int = 1) -> list[tuple[str | None, ...]]:
    """The devices of each worker: its GPUs, or None on a CPU; empty = train in this process.

    `workers` 0 means as many as there are GPUs for, where that is more than one process. `a_layer`
    processes train one layer together, but no more than there are GPUs. More workers than GPUs
    share them in turn.
    """
    a_layer = min(a_layer, len(found) or a_layer)
    most = max(1, len(found) // a_layer)
    number = workers or (most if most * a_layer > 1 else 0)
    places = iter(range(number * a_layer))
    return [
        tuple(found[place % len(found)] if found else None for place in islice(places, a_layer))
        for _ in range(number)
    ]


class Worker:
    """A child process for each device, started at the first job and again after one died."""

    def __init__(self, found: Sequence[str | None]) -> None:
        self._devices = found
        self.children: list[Child] = []

    def train(self, job: Job, progress: Progress) -> ArtifactRef:
        """Do one job and wait for it.

        Raises:
            ResourceError: a process died.
            LaminaError: what the training itself raised.

        """
        if any(child.is_gone() for child in self.children):
            self.stop()  # it died while it had nothing to do
        self.children = self.children or [Child(device) for device in self._devices]
        try:
            if len(self.children) > 1:
                ref = self._together(job, progress)
            else:
                ref = self.children[0].do(job, progress)
        finally:
            if any(child.was_stopped or child.is_gone() for child in self.children):
                self.stop()
        assert ref is not None  # noqa: S101 - who leads has an artifact to give
        return ref

    def stop(self) -> None:
        """End the processes; a checkpoint holds what was done."""
        children, self.children = self.children, []
        for child in children:
            child.close()

    def _together(self, job: Job, progress: Progress) -> ArtifactRef | None:
        """The first process tells of the job; the others help, and none outlives another."""
        size, port = len(self.children), _free_port()
        teams = [Team(rank=rank, size=size, port=port) for rank in range(size)]
        leads, *helps = [job.model_copy(update={"team": team}) for team in teams]
        with ThreadPoolExecutor(size) as pool:
            pairs = zip(self.children[1:], helps, strict=True)
            helpers = [pool.submit(self._help, child, part) for child, part in pairs]
            try:
                return self.children[0].do(leads, progress)
            except LaminaError as error:
                wait(helpers, GRACE_S)
                self._kill()
                raise _cause(error, helpers) from None
            finally:
                wait(helpers, GRACE_S)
                if not all(helper.done() for helper in helpers):
                    self._kill()  # nobody met them: the layer was there already

    def _help(self, child: Child, job: Job) -> None:
        try:
            child.do(job, Silent())
        except LaminaError:
            self._kill()  # the others would wait for it
            raise

    def _kill(self) -> None:
        for child in self.children:
            child.kill()


def _cause(error: LaminaError, helpers: "Sequence[Future[None]]") -> BaseException:
    """Of what the processes of a team tell, that from which the rest follows.

    Who loses another one says so in its library's words, an error of no class of its own.
    """
    told = [helper.exception() for helper in helpers]
    return min((error, *filter(None, told)), key=lambda one: type(one) is LaminaError)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Workers:
    """As many layers at once as there are workers; the rest wait."""

    def __init__(self, found: Sequence[Sequence[str | None]]) -> None:
        self.number = len(found)
        self._all = [Worker(each) for each in found]
        self._free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._all:
            self._free.put(worker)
        atexit.register(self.stop)

    def train(self, job: Job, progress: Progress) -> ArtifactRef:
        """Train on the next free worker; may be called from several threads."""
        worker = self._free.get()
        try:
            return worker.train(job, progress)
        finally:
            self._free.put(worker)

    def processes(self) -> "list[subprocess.Popen[str]]":
        """Those that are up."""
        return [child.process for worker in self._all for child in worker.children]

    def stop(self) -> None:
        """End all processes."""
        for worker in self._all:
            worker.stop()


_shared: dict[tuple[tuple[str | None, ...], ...], Workers] = {}


def shared(found: tuple[tuple[str | None, ...], ...]) -> Workers:
    """The workers of this process on these devices, kept from layer to layer."""
    if found not in _shared:
        _shared[found] = Workers(found)
    return _shared[found]


def stop_all() -> None:
    """End the processes of all workers; the next layer starts its own."""
    for workers in _shared.values():
        workers.stop()
