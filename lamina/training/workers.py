"""Layers side by side: one worker process for each GPU, each with a base of its own loaded.

For a job of many layers this is what several GPUs of one pod are best used for: no gradient crosses
from one to another, and a worker that dies takes one layer along and no other. A single layer still
trains on one GPU.
"""

import atexit
import os
import queue
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from lamina import errors
from lamina.artifacts import ArtifactRef
from lamina.errors import LaminaError, ResourceError
from lamina.progress import Progress
from lamina.training.worker import Job, Told


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
    return [found[i % len(found)] if found else None for i in range(number)]


class Worker:
    """One child process, started at its first job and again after it died."""

    def __init__(self, device: str | None) -> None:
        self._device = device
        self.child: subprocess.Popen[str] | None = None

    def train(self, job: Job, progress: Progress) -> ArtifactRef:
        """Do one job and wait for it.

        Raises:
            ResourceError: the process died.
            LaminaError: what the training itself raised.

        """
        if self.child is not None and self.child.poll() is not None:
            self.stop()  # it died while it had nothing to do
        child = self.child or self._start()
        assert child.stdin is not None  # noqa: S101 - asked for in _start
        assert child.stdout is not None  # noqa: S101 - asked for in _start
        try:
            child.stdin.write(job.model_dump_json() + "\n")
            child.stdin.flush()
        except BrokenPipeError:
            raise self._died(job, child) from None
        for line in child.stdout:
            told = Told.model_validate_json(line)
            match told.what:
                case "start":
                    progress.start(told.text, told.number)
                case "advance":
                    progress.advance(told.number, told.text)
                case "say":
                    progress.say(told.text)
                case "failed":
                    raise _error(told)
                case "done" if told.ref:
                    return told.ref
        raise self._died(job, child)

    def stop(self) -> None:
        """End the process; its checkpoint holds what was done."""
        child, self.child = self.child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()

    def _start(self) -> "subprocess.Popen[str]":
        environment = {**os.environ, "PYTHONPATH": _package_root()}
        if self._device is not None:
            environment["CUDA_VISIBLE_DEVICES"] = self._device
        self.child = subprocess.Popen(
            [sys.executable, "-m", "lamina.training.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        return self.child

    def _died(self, job: Job, child: "subprocess.Popen[str]") -> LaminaError:
        code = child.wait()
        self.stop()
        how = f"signal {-code}; memory may be short" if code < 0 else f"exit code {code}"
        return ResourceError(
            f"the process that trained layer {job.order.layer} ended unasked ({how}); "
            "run again to go on from its last checkpoint"
        )


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
        return [worker.child for worker in self._all if worker.child is not None]

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


def _error(told: Told) -> LaminaError:
    """The error of the other process, of its own class where it is one of ours."""
    kind = getattr(errors, told.error, LaminaError) if told.error else LaminaError
    found: LaminaError = kind(told.text)
    return found


def _package_root() -> str:
    """So that the child finds this very package from any working directory."""
    root = str(Path(__file__).parents[2])
    return os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
