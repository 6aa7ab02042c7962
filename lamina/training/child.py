"""A process that trains, seen from the one that asks it: a job in, lines of answers out."""

import subprocess
import sys
from contextlib import suppress

from lamina import child_process, errors
from lamina.artifacts import ArtifactRef
from lamina.errors import LaminaError, ResourceError
from lamina.progress import Progress
from lamina.training.worker import Job, Told


class Child:
    """One process on one device, None being a CPU."""

    def __init__(self, device: str | None) -> None:
        chosen = {} if device is None else {"CUDA_VISIBLE_DEVICES": device}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lamina.training.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=child_process.environment(**chosen),
            start_new_session=True,  # Ctrl-C is the parent's to handle
        )

    def do(self, job: Job, progress: Progress) -> ArtifactRef:
        """Do one job and wait for it.

        Raises:
            ResourceError: the process died.
            LaminaError: what the training itself raised.

        """
        assert self.process.stdin is not None  # noqa: S101 - asked for at the start
        assert self.process.stdout is not None  # noqa: S101 - asked for at the start
        try:
            self.process.stdin.write(job.model_dump_json() + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._died(job) from None
        for line in self.process.stdout:
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
        raise self._died(job)

    def is_gone(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def close(self) -> None:
        """End it and forget its pipes; its checkpoint holds what was done."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _died(self, job: Job) -> ResourceError:
        how = child_process.how_it_ended(self.process.wait())
        return ResourceError(
            f"the process that trained layer {job.order.layer} ended unasked ({how}); "
            "run again to go on from its last checkpoint"
        )


def _error(told: Told) -> LaminaError:
    """The error of the other process, of its own class where it is one of ours."""
    kind = getattr(errors, told.error, LaminaError) if told.error else LaminaError
    found: LaminaError = kind(told.text)
    return found
