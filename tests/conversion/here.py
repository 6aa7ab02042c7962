"""The converter's jobs done in this process, which has torch loaded: no child has to load it."""

import sys
from weakref import WeakKeyDictionary

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
        paths = [str(folder), str(folder / "gguf-py")]
        sys.path[:0] = [path for path in paths if path not in sys.path]
        arguments = sys.argv
        try:
            return answer(job, folder, self._benches.setdefault(converter, Bench()))
        finally:
            sys.argv = arguments
