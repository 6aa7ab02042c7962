"""Layers side by side: one worker for each GPU, each with a base of its own loaded.

For a job of many layers this is what several GPUs of one pod are best used for: no gradient crosses
from one to another, and a worker that dies takes one layer along and no other. A single layer still
trains on one GPU.
"""

import atexit
import os
import queue
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from lamina.artifacts import ArtifactRef
from lamina.progress import Progress
from lamina.training.child import Child
from lamina.training.worker import Job


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


def devices(workers: int, found: Sequence[str]) -> list[str | None]:
    """The device of each worker: its GPU, or None on a CPU; empty = train in this process.

    `workers` 0 means one for each GPU where there are several. More workers than GPUs share them in
    turn.
    """
    number = workers or (len(found) if len(found) > 1 else 0)
    return [found[place % len(found)] if found else None for place in range(number)]


class Worker:
    """One child process, started at its first job and again after it died."""

    def __init__(self, device: str | None) -> None:
        self._device = device
        self.child: Child | None = None

    def train(self, job: Job, progress: Progress) -> ArtifactRef:
        """Do one job and wait for it.

        Raises:
            ResourceError: the process died.
            LaminaError: what the training itself raised.

        """
        if self.child and self.child.is_gone():
            self.stop()  # it died while it had nothing to do
        self.child = self.child or Child(self._device)
        try:
            return self.child.do(job, progress)
        finally:
            if self.child.is_gone():
                self.stop()

    def stop(self) -> None:
        """End the process."""
        child, self.child = self.child, None
        if child:
            child.close()


class Workers:
    """As many layers at once as there are workers; the rest wait."""

    def __init__(self, found: Sequence[str | None]) -> None:
        self.number = len(found)
        self._all = [Worker(device) for device in found]
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
        return [worker.child.process for worker in self._all if worker.child]

    def stop(self) -> None:
        """End all processes."""
        for worker in self._all:
            worker.stop()


_shared: dict[tuple[str | None, ...], Workers] = {}


def shared(found: tuple[str | None, ...]) -> Workers:
    """The workers of this process on these devices, kept from layer to layer."""
    if found not in _shared:
        _shared[found] = Workers(found)
    return _shared[found]


def stop_all() -> None:
    """End the processes of all workers; the next layer starts its own."""
    for workers in _shared.values():
        workers.stop()
