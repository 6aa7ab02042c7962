"""What the rungs of a parity ladder are measured with."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from lamina.conversion.converter import Converter
from lamina.conversion.ladder import Sample
from lamina.progress import Progress
from lamina.prompts import Words
from lamina.store import Store

Tokenizer = Callable[..., list[int]]  # (text, *, add_bos, parse_special)
# What the server makes of the samples, given what the GGUF says: the ids of each
ServerIds = Callable[[str | None, Words, Tokenizer, Sequence[Sample]], list[list[int]]]


@dataclass(frozen=True)
class Tools:
    """What the rungs are measured with."""

    store: Store
    progress: Progress
    converter: Converter
    server_ids: ServerIds
    threads: int
    # torch belongs to the whole process: held while it computes where somebody may be training
    alone: AbstractContextManager[object] = field(default_factory=nullcontext)
