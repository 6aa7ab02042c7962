"""The converter's jobs done in this process, which has torch loaded: no child has to load it."""

import sys
from weakref import WeakKeyDictionary

import pytest

from lamina.conversion.converter import Converter
from lamina.conversion.jobs import Job, Reply
from lamina.conversion.worker import Bench, answer


class Here:
    """Stands in for `Converter`'s question to its child; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[Job] = []
        self._benches: WeakKeyDictionary[Converter, Bench] = WeakKeyDictionary()

    def ask(self, converter: Converter, job: Job) -> Reply:
        """What the child would answer, by the child's own function."""
        self.asked.append(job)
        folder = converter._llama_cpp_dir  # noqa: SLF001 - what it would start its child with
        bench = self._benches.setdefault(converter, Bench())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", sys.argv)
            patch.setattr(sys, "path", [str(folder), str(folder / "gguf-py"), *sys.path])
            return answer(job, folder, bench)
