"""The converter's child process: `python -m lamina.conversion.worker <llama.cpp folder>`.

Reads jobs from standard input and answers each with one line on standard output; everything that
the scripts and llama.cpp print goes to standard error, which the parent writes to a log file. The
scripts run in this one process, so that importing torch and transformers is paid once for all
layers. They are run as they are: no copy of them lies in this repository.
"""

import ctypes
import os
import runpy
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from lamina.conversion import importance
from lamina.conversion.jobs import (
    JOB,
    Check,
    Importance,
    Job,
    Open,
    Quantize,
    Reply,
    Score,
    Script,
    Tokenize,
)
from lamina.conversion.loaded import Loaded
from lamina.prompts import Words

# What the converter guesses from a folder's name: in the store that is a digest.
GUESSED = ("general.basename", "general.finetune", "general.version", "general.organization")


def main() -> None:
    """Serve jobs until standard input ends."""
    llama_cpp = Path(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what scripts print must not be taken for an answer
    sys.path[:0] = [str(llama_cpp), str(llama_cpp / "gguf-py")]
    bench = Bench()
    for line in sys.stdin:
        answers.write(answer(JOB.validate_json(line), llama_cpp, bench).model_dump_json() + "\n")


class Bench:
    """The model that is open, if one is."""

    def __init__(self) -> None:
        self._loaded: Loaded | None = None

    def open(self, job: Open) -> Words:
        """Let the last model go and load this one."""
        if self._loaded:
            self._loaded.close()
            self._loaded = None
        self._loaded = Loaded(job)
        return self._loaded.words()

    @property
    def loaded(self) -> Loaded:
        """The open model."""
        if self._loaded is None:
            msg = "no model is open"
            raise RuntimeError(msg)
        return self._loaded

    def gathered(self, job: Importance) -> int:
        """Write the importance matrix; the number of its weights."""
        observer = self.loaded.observer
        if observer is None:
            msg = "the open model is not observed"
            raise RuntimeError(msg)
        return observer.write(Path(job.target))


def answer(job: Job, llama_cpp: Path, bench: Bench) -> Reply:
    """Do a job; whatever goes wrong with it is told in the reply."""
    value: object = None
    try:
        match job:
            case Script():
                _run_script(job, llama_cpp)
            case Quantize():
                _quantize(job)
            case Check():
                _check(job)
            case Open():
                value = bench.open(job).model_dump()
            case Tokenize():
                value = bench.loaded.tokenize(job)
            case Score():
                value = bench.loaded.score(job).model_dump()
            case Importance():
                value = bench.gathered(job)
    except SystemExit as stopped:
        return Reply(error=f"the script stopped with {stopped.code}") if stopped.code else Reply()
    except Exception as error:  # noqa: BLE001 - the process's border: translated by the parent
        traceback.print_exc()
        return Reply(error=f"{type(error).__name__}: {error}")
    return Reply(value=value)


def _run_script(job: Script, llama_cpp: Path) -> None:
    """Run a script as if from the command line, with our keys added to what it writes.

    The scripts have no option for further metadata. They write every file through GGUFWriter,
    whose header holds the number of keys; so the keys are added right before the header is
    written, and the writer itself stays as it is.
    """
    writer: Any = import_module("gguf").GGUFWriter  # of llama.cpp's folder, not of this package
    original = writer.write_header_to_file

    def with_our_keys(self: Any, path: Path | None = None) -> None:  # noqa: ANN401 - theirs
        for key in GUESSED:
            self.remove_key(key)
        self.add_string("general.name", job.name)
        for key, value in job.metadata.items():
            _add(self, key, value)
        original(self, path)

    writer.write_header_to_file = with_our_keys
    script = str(llama_cpp / job.script)
    sys.argv = [script, *job.arguments]
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        writer.write_header_to_file = original


def _add(writer: Any, key: str, value: str | float) -> None:  # noqa: ANN401 - gguf's writer
    match value:
        case str():
            writer.add_string(key, value)
        case int():
            writer.add_int64(key, value)
        case float():
            writer.add_float64(key, value)


def _quantize(job: Quantize) -> None:
    import llama_cpp

    params = llama_cpp.llama_model_quantize_default_params()
    params.nthread = job.threads
    params.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{job.ftype}")
    matrix, kept = importance.native(Path(job.importance)) if job.importance else (None, [])
    if matrix is not None:
        params.imatrix = matrix
    status = llama_cpp.llama_model_quantize(
        job.source.encode(), job.target.encode(), ctypes.byref(params)
    )
    del kept  # the matrix's memory, until here
    if status != 0:
        msg = f"llama.cpp could not quantize to {job.ftype} (status {status})"
        raise RuntimeError(msg)


def _check(job: Check) -> None:
    """Load as the server does, but mapped: no weights are copied, so it is cheap for any size."""
    import llama_cpp

    llama_cpp.llama_backend_init()
    params = llama_cpp.llama_model_default_params()
    params.n_gpu_layers = 0
    params.use_extra_bufts = False
    model = llama_cpp.llama_model_load_from_file(job.path.encode(), params)
    if not model:
        msg = "llama.cpp cannot load the file it made"
        raise RuntimeError(msg)
    llama_cpp.llama_model_free(model)


if __name__ == "__main__":
    main()
