"""What the parts of training_gpu.py share: shapes, documents, orders, a run that is timed."""

import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from lamina.artifacts import ArtifactRef
from lamina.passport import BaseIdentity
from lamina.training.base import Model
from lamina.training.checkpoint import Checkpoint
from lamina.training.documents import Document
from lamina.training.fit import fit
from lamina.training.order import LayerOrder
from lamina.training.profiles import ALL_LINEAR, Profile
from lamina.training.room import Room
from lamina.workspace import EMBEDDED_BASE

DROPPED = 3  # first steps, which compile, allocate and choose
SEVEN_B = {
    "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
    "vocab_size": 32000, "max_position_embeddings": 32768,
}  # fmt: skip
TINY = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
    "vocab_size": 768, "max_position_embeddings": 2048,
}  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """One run of the script."""

    work: Path
    smoke: bool
    base: Path | None
    rows: Path | None
    weights: tuple[str, ...]
    blocks: tuple[str, ...]
    passes_of: tuple[int, ...] = (4, 1)  # a step, how many

    @property
    def shape(self) -> dict[str, int]:
        """Of the random base."""
        return TINY if self.smoke else SEVEN_B

    @property
    def sequence(self) -> int:
        """Longest document, and shorter of the two passes, in tokens."""
        return 64 if self.smoke else 2048

    @property
    def step_tokens(self) -> int:
        """About what an optimizer step sees."""
        return 4 * self.sequence

    @property
    def passes(self) -> list[int]:
        """Longest passes that are tried, in tokens."""
        return [self.step_tokens // number for number in self.passes_of]

    @property
    def steps(self) -> int:
        """Of each cell."""
        return 5 if self.smoke else 12

    def random_base(self, blocks: int | None = None) -> Path:
        """Random weights of the shape in bfloat16, made on the GPU, with a tokenizer beside."""
        import torch
        from transformers import MistralConfig, MistralForCausalLM

        folder = self.work / f"base-{blocks or 'whole'}"
        if (folder / "config.json").is_file():
            return folder
        skip = shutil.ignore_patterns("*.safetensors", "con*")
        shutil.copytree(EMBEDDED_BASE, folder, ignore=skip)
        shape = self.shape | ({"num_hidden_layers": blocks} if blocks else {})
        torch.manual_seed(1)
        config = MistralConfig(**shape, sliding_window=None, tie_word_embeddings=False)
        torch.set_default_dtype(torch.bfloat16)
        try:
            with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
                MistralForCausalLM(config).save_pretrained(folder)
        finally:
            torch.set_default_dtype(torch.float32)
        return folder

    def documents(self, tokens: int) -> list[Document]:
        """Random ones, lengths spread evenly up to the sequence, of about so many tokens."""
        drawn, found = random.Random(1), []
        while tokens > 0:
            length = drawn.randint(self.sequence // 16, self.sequence)
            ids = tuple(drawn.randrange(4, self.shape["vocab_size"]) for _ in range(length))
            found.append(Document(ids, 1))
            tokens -= length
        return found

    def order(self, folder: Path, quantize: str, **changed: object) -> LayerOrder:
        """A layer of all linear modules over a base in a folder."""
        profile = Profile(
            name="benchmark", rank=16, alpha=32, targets=ALL_LINEAR, learning_rate=1e-4,
            steps=self.steps, sequence_tokens=self.sequence, batch_tokens=self.step_tokens,
            evaluations=1, patience=0, quantize=quantize, dtype="bfloat16",
        )  # fmt: skip
        return LayerOrder(
            layer="benchmark",
            dataset=ArtifactRef(kind="dataset", digest="0" * 64),
            base_folder=folder,
            base=BaseIdentity(
                name="base", digest=folder.name, fingerprint="0", architecture="mistral"
            ),
            profile=profile.model_copy(update=changed),
            seed=1,
        )


class Clock:
    """Progress that notes when each step ended, and what was said."""

    def __init__(self) -> None:
        self.ended: list[float] = []
        self.lines: list[str] = []

    def start(self, label: str, total: int) -> None:
        """Begin."""
        del label, total
        self.ended.append(time.perf_counter())

    def advance(self, done: int, note: str = "") -> None:
        """A step has ended, and the GPU with it."""
        del done, note
        self.ended.append(time.perf_counter())

    def say(self, line: str) -> None:
        """Remember it."""
        self.lines.append(line)


def timed(
    model: Model, order: LayerOrder, train: list[Document], room: Room, work: Path
) -> dict[str, Any]:
    """Tokens a second of the steps that count, and the peak of the GPU's memory."""
    clock = Clock()
    reset_peak()
    checkpoint = Checkpoint(work / "state.pt", interval_s=3600)
    outcome = fit(model, order, train, [], clock, checkpoint, room)
    steps = order.steps(train)
    tokens = [sum(len(train[i].ids) for pack in step for i in pack) for step in steps]
    spans = [after - before for before, after in pairwise(clock.ended)]
    rates = [n / s for n, s in zip(tokens, spans, strict=True)][DROPPED:]
    return {
        **speeds(rates),
        "peak_gib": peak_gib(),
        "reserved_gib": reserved_gib(),
        "first_step_s": round(spans[0], 2),
        "loss": outcome.curve[-1]["train_loss"],
        "said": clock.lines,
    }


def speeds(rates: list[float]) -> dict[str, float]:
    """Median, slowest and fastest step."""
    numbers = {"tokens_per_s": median(rates), "slowest": min(rates), "fastest": max(rates)}
    return {name: round(value, 1) for name, value in numbers.items()}


def reset_peak() -> None:
    """Count memory from here on."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_gib() -> float:
    """Of what tensors held since, weights included."""
    import torch

    held = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    return round(held / 2**30, 2)


def reserved_gib() -> float:
    """Of what PyTorch's allocator held since, with gaps."""
    import torch

    held = torch.cuda.max_memory_reserved() if torch.cuda.is_available() else 0
    return round(held / 2**30, 2)


@contextmanager
def clock(name: str) -> Iterator[None]:
    """Say how long a part took."""
    started = time.perf_counter()
    yield
    print(f"[{name}: {time.perf_counter() - started:.1f} s]", flush=True)
