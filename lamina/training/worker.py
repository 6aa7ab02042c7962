"""A process that trains for another one: `python -m lamina.training.worker`.

Reads jobs from standard input, one a line, and answers with lines of progress and at last a result.
It keeps its base loaded from job to job. When nobody reads its answers any more, it ends.
"""

import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Literal, TextIO

from pydantic import BaseModel, ConfigDict

from lamina.artifacts import ArtifactRef
from lamina.errors import LaminaError
from lamina.store import Store
from lamina.training.order import LayerOrder


class Job(BaseModel):
    """One layer to train, and where."""

    model_config = ConfigDict(frozen=True)

    order: LayerOrder
    store: Path
    threads: int
    checkpoint_s: float = 60.0
    price_per_hour: float = 0.0


class Told(BaseModel):
    """One line of a worker's: progress, or how the job ended."""

    model_config = ConfigDict(frozen=True)

    what: Literal["start", "advance", "say", "done", "failed"]
    text: str = ""
    number: int = 0
    ref: ArtifactRef | None = None
    error: str = ""  # class of what failed


class Teller:
    """Progress as lines for the process that asked."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers

    def start(self, label: str, total: int) -> None:
        """Begin a piece of work."""
        self.tell(Told(what="start", text=label, number=total))

    def advance(self, done: int, note: str = "") -> None:
        """Say how far it is."""
        self.tell(Told(what="advance", text=note, number=done))

    def say(self, line: str) -> None:
        """Tell one event."""
        self.tell(Told(what="say", text=line))

    def tell(self, told: Told) -> None:
        """Write one line; a reader who is gone ends the process."""
        try:
            self._answers.write(told.model_dump_json() + "\n")
            self._answers.flush()
        except BrokenPipeError:
            os._exit(1)  # no clean-up: the checkpoint holds what was done


def main() -> None:
    """Serve jobs until standard input ends."""
    teller = Teller(os.fdopen(os.dup(1), "w"))
    os.dup2(2, 1)  # what libraries print must not be taken for an answer
    if not os.environ.get("LAMINA_DEBUG"):
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it misses kernels of a GPU
    for line in sys.stdin:
        teller.tell(_done(Job.model_validate_json(line), teller))


def _done(job: Job, teller: Teller) -> Told:
    from lamina.training.recipe import train_layer

    try:
        ref = train_layer(
            job.order,
            store=Store(job.store),
            progress=teller,
            threads=job.threads,
            checkpoint_s=job.checkpoint_s,
            price_per_hour=job.price_per_hour,
        )
    except LaminaError as error:
        return Told(what="failed", error=type(error).__name__, text=str(error))
    except Exception as error:  # noqa: BLE001 - the process's border: raised again by the asker
        traceback.print_exc()
        return Told(what="failed", text=f"{type(error).__name__}: {error}")
    return Told(what="done", ref=ref)


if __name__ == "__main__":
    main()
