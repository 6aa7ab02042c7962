"""Runs llama.cpp and its converters in one child process, started when the first job comes.

A child, because the scripts want `sys.path`, `sys.argv` and logging for themselves, end the process
on errors, and keep gigabytes; and because a crash inside llama.cpp must not take a worker along.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from lamina import child_process
from lamina.conversion.jobs import Check, Job, Open, Quantize, Reply, Script
from lamina.errors import DamagedError, InvalidInputError, LaminaError, ResourceError

SCRIPTS = ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py")


class Converter:
    """The child and its log file; use it as a context manager."""

    def __init__(self, llama_cpp_dir: Path, log: Path) -> None:
        self._llama_cpp_dir = llama_cpp_dir
        self._log = log
        self._child: subprocess.Popen[str] | None = None
        self._open = "no model"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._child is None:
            return
        if kind is not None:
            self._child.kill()
        self._child.communicate()
        self._child = None

    def is_gone(self) -> bool:
        """Whether the child has ended unasked."""
        return self._child is not None and self._child.poll() is not None

    def stop(self) -> None:
        """End the child, also in the middle of a job: who waits for that gets a ResourceError."""
        if self._child:
            self._child.kill()

    def run(self, job: Job) -> Any:  # noqa: ANN401 - the job's own value
        """Do one job and wait for it; its value, where it has one.

        Raises:
            ResourceError: the converters are not there, or the child was killed.
            InvalidInputError: the converter does not know the model's architecture.
            DamagedError: the input cannot be converted; the log file says more.

        """
        if isinstance(job, Script):
            self._check_scripts()
        if isinstance(job, Open):
            self._open = Path(job.path).name
        reply = self._ask(job)
        if reply.error:
            raise self._translated(job, reply.error)
        return reply.value

    def _ask(self, job: Job) -> Reply:
        child = self._child or self._start()
        assert child.stdin is not None  # noqa: S101 - asked for in _start
        assert child.stdout is not None  # noqa: S101 - asked for in _start
        try:
            child.stdin.write(job.model_dump_json() + "\n")
            child.stdin.flush()
            line = child.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise self._died(child)
        return Reply.model_validate_json(line)

    def _check_scripts(self) -> None:
        for name in SCRIPTS:
            if not (self._llama_cpp_dir / name).is_file():
                msg = (
                    f"{name} is not in {self._llama_cpp_dir}; run `make setup`, "
                    "or name a llama.cpp checkout with LAMINA_LLAMA_CPP_DIR"
                )
                raise ResourceError(msg)

    def _start(self) -> "subprocess.Popen[str]":
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("w", encoding="utf-8") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "lamina.conversion.worker", str(self._llama_cpp_dir)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is the parent's to handle
                text=True,
                env=child_process.environment(HF_HUB_OFFLINE="1"),
            )
        return self._child

    def _died(self, child: "subprocess.Popen[str]") -> LaminaError:
        how = child_process.how_it_ended(child.wait())
        return ResourceError(f"the converter ended unasked ({how}); see {self._log}")

    def _translated(self, job: Job, error: str) -> LaminaError:
        match job:
            case Script(name=name):
                log = self._log.read_text(encoding="utf-8", errors="replace")
                if "is not supported" in (log.splitlines() or [""])[-1]:
                    return InvalidInputError(
                        f"llama.cpp's converter does not know the architecture of {name}"
                    )
                return DamagedError(f"{name} cannot be converted ({error}); see {self._log}")
            case Quantize(source=path) | Check(path=path):
                return DamagedError(f"{Path(path).name}: {error}; see {self._log}")
            case _:
                return DamagedError(f"{self._open}: {error}; see {self._log}")
