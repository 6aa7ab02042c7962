"""Which documents go into which step: packed in seeded order, without padding. Pure.

A pack is one forward pass: documents side by side that do not see each other. A step is one
optimizer update: as many packs as `batch_tokens` asks for.
"""

import math
import random
from collections.abc import Iterator, Sequence
from typing import TypeAlias

Pack: TypeAlias = tuple[int, ...]  # indices of documents
Step: TypeAlias = tuple[Pack, ...]


def pack_steps(  # noqa: PLR0913 - the profile's own numbers
    lengths: Sequence[int],
    repeats: Sequence[int],
    *,
    sequence_tokens: int,
    batch_tokens: int,
    epochs: float,
    steps: int | None,
    seed: int,
) -> list[Step]:
    """The whole run in advance: every step's packs of document indices.

    No pack is longer than `sequence_tokens` (documents must not be longer either). Each epoch
    has an order of its own, drawn from the seed, so that a run can be continued from any step.
    """
    if not lengths:
        return []
    wanted = steps or max(
        1, math.ceil(epochs * sum(map(int.__mul__, lengths, repeats)) / batch_tokens)
    )
    order = _endless(repeats, seed)
    packs = _packs(order, lengths, sequence_tokens)
    return [_step(packs, lengths, batch_tokens) for _ in range(wanted)]


def _endless(repeats: Sequence[int], seed: int) -> Iterator[int]:
    once = [index for index, times in enumerate(repeats) for _ in range(times)]
    epoch = 0
    while True:
        order = list(once)
        random.Random(f"{seed}:{epoch}").shuffle(order)
        yield from order
        epoch += 1


def _packs(order: Iterator[int], lengths: Sequence[int], limit: int) -> Iterator[Pack]:
    pack: list[int] = []
    tokens = 0
    for index in order:
        if pack and tokens + lengths[index] > limit:
            yield tuple(pack)
            pack, tokens = [], 0
        pack.append(index)
        tokens += lengths[index]
    if pack:
        yield tuple(pack)


def _step(packs: Iterator[Pack], lengths: Sequence[int], batch_tokens: int) -> Step:
    """Packs until the next one would overshoot by more than stopping here falls short."""
    step: list[Pack] = []
    tokens = 0
    while not step or tokens + tokens / len(step) / 2 <= batch_tokens:
        step.append(next(packs))
        tokens += sum(lengths[index] for index in step[-1])
    return tuple(step)


def in_turn(lengths: Sequence[int], limit: int) -> list[Pack]:
    """All documents once, in their own order, in packs of at most `limit` tokens."""
    return list(_packs(iter(range(len(lengths))), lengths, limit))


def rate_share(step: int, steps: int, warmup_share: float) -> float:
    """Share of the peak learning rate at a step counted from 1: linear up, then half a cosine."""
    warmup = math.ceil(steps * warmup_share)
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup + 1)))
