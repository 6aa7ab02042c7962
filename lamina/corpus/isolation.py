"""Files read by processes that may die: the parent's side of the warden.

Whatever happens in there, a file ends as pages or as a problem on record, and the batch goes on.
"""

import atexit
import json
import os
import queue
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lamina.corpus.documents import Document
from lamina.text.pages import Pages

_PROBLEMS = {
    "timeout": ("timeout", "it was stopped after its time"),
    "memory": ("memory", "it was stopped at its memory limit"),
    "crash": ("corrupt", "every reader breaks down on it"),
}


class ReadingLimits(BaseModel):
    """What one file may take. A file that needs more is refused, not waited for."""

    model_config = ConfigDict(frozen=True)

    memory_bytes: int = Field(2 << 30, ge=256 << 20, description="address space of a reader")
    base_s: float = Field(30.0, gt=0, description="seconds for any file")
    page_s: float = Field(1.0, ge=0, description="seconds more for each page it has")
    max_bytes: int = Field(1 << 30, ge=1, description="larger files are refused unread")
    recognise: str = Field(
        "", description="Tesseract's languages, such as `eng`: read pictures with it; slow"
    )
    max_pages: int = Field(20_000, ge=1, description="files of more pages are refused unread")
    picture_s: float = Field(30.0, ge=0, description="as `page_s`, where text is recognised")

    def without_recognition(self) -> "ReadingLimits":
        """The same for a reading that leaves pictures alone."""
        return self.model_copy(update={"recognise": ""})


class Readers:
    """A fixed number of reading processes, lent to as many threads. Close by leaving `with`."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._free: queue.LifoQueue[_Warden] = queue.LifoQueue()

    @classmethod
    @contextmanager
    def opened(cls, count: int, limits: ReadingLimits) -> Iterator["Readers"]:
        """Readers for up to `count` files at once; each process starts when it is first needed."""
        readers = cls(limits)
        with ExitStack() as stack:
            for _ in range(count):
                warden = _Warden()
                stack.callback(warden.stop)
                readers._free.put(warden)
            yield readers

    @classmethod
    @cache
    def lasting(cls, limits: ReadingLimits) -> "Readers":
        """One reader for the rest of this process's life: for work that comes in batches."""
        readers, warden = cls(limits), _Warden()
        atexit.register(warden.stop)
        readers._free.put(warden)
        return readers

    def read(self, document: Document) -> Pages:
        """The document's pages, or the problem that they cannot be had."""
        warden = self._free.get()
        try:
            return warden.read(document, self._limits)
        finally:
            self._free.put(warden)


class _Warden:
    """One warden process, started again whenever it is gone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def read(self, document: Document, limits: ReadingLimits) -> Pages:
        handle, name = tempfile.mkstemp(prefix="lamina-pages-", suffix=".json")
        os.close(handle)
        out = Path(name)
        order = {
            "path": document.path,
            "format": document.format,
            "out": name,
            "memory_bytes": limits.memory_bytes,
            "base_s": limits.base_s,
            "page_s": limits.picture_s if limits.recognise else limits.page_s,
            "limits": {
                "max_bytes": limits.max_bytes,
                "max_pages": limits.max_pages,
                "recognise": limits.recognise,
            },
        }
        try:
            end = self._ask(json.dumps(order))
            if end == "done":
                return Pages.model_validate_json(out.read_bytes())
        finally:
            out.unlink(missing_ok=True)
        problem, detail = _PROBLEMS[end]
        return Pages(format=document.format, problem=problem, detail=detail)

    def _ask(self, order: str) -> str:
        process = self._running()
        try:
            assert process.stdin  # noqa: S101 - made with a pipe
            assert process.stdout  # noqa: S101 - made with a pipe
            process.stdin.write(order + "\n")
            process.stdin.flush()
            return str(json.loads(process.stdout.readline())["end"])
        except (OSError, ValueError):  # the warden itself was killed
            self.stop()
            return "crash"

    def _running(self) -> "subprocess.Popen[str]":
        if self._process and self._process.poll() is not None:
            self.stop()
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lamina.corpus.warden"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        return self._process

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with process:  # closes the pipes and waits
            process.kill()
