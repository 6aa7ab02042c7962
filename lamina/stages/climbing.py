"""What ladders are climbed with on a pod, also by a thread beside a training."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lamina.prompts import Prompts, Words, user
from lamina.stages.pod import Pod

if TYPE_CHECKING:
    from lamina.conversion.converter import Converter
    from lamina.conversion.ladder import Sample
    from lamina.conversion.tools import Tokenizer, Tools

_open: "set[Converter]" = set()  # of ladders that are being climbed


@contextmanager
def tools(pod: Pod) -> "Iterator[Tools]":
    """Of this pod, for one ladder."""
    from lamina.conversion.converter import Converter
    from lamina.conversion.tools import Tools
    from lamina.training.recipe import ALONE

    log = pod.store.root / "logs" / "parity.log"
    threads = pod.settings.n_threads
    with Converter(pod.settings.llama_cpp_dir, log) as converter:
        _open.add(converter)
        try:
            yield Tools(pod.store, pod.progress, converter, server_ids, threads, ALONE)
        finally:
            _open.discard(converter)


def stop_climbing() -> None:
    """End what other threads climb."""
    for converter in tuple(_open):
        converter.stop()


def server_ids(
    template: str | None, words: Words, tokenize: "Tokenizer", samples: "Sequence[Sample]"
) -> list[list[int]]:
    """The ids that the server makes of these texts, with the template and the ends of the GGUF."""
    prompts = Prompts(tokenize, words, template)

    def ids(sample: "Sample") -> list[int]:
        if sample.kind == "text":
            return prompts.document(sample.text)
        if template is None:
            return []
        asked = [user(sample.question or "")]
        if sample.kind == "prompt":
            return prompts.chat(asked)
        whole, _ = prompts.answered(asked, sample.text)
        return whole

    return [ids(sample) for sample in samples]
