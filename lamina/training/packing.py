"""Which documents go into which step: packed in seeded order, without padding. Pure.

A pack is one forward pass: documents side by side that do not see each other. A step is one
optimizer update: as many packs as `batch_tokens` asks for.
"""

import math
import random
from collections.abc import Iterator, Sequence
from itertools import islice
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

    No pack is longer than `sequence_tokens`, as documents must not be either. Each epoch has an
    order of its own, drawn from the seed. `steps` wins over `epochs`; the last step of a run
    over epochs may be short.
    """
    rows = sum(repeats)
    order = islice(_endless(repeats, seed), None if steps else math.ceil(epochs * rows))
    limit = min(sequence_tokens, batch_tokens)
    return packed_steps(order if rows else iter(()), lengths, limit, batch_tokens, steps)


def packed_steps(
    order: Iterator[int],
    lengths: Sequence[int],
    limit: int,
    batch_tokens: int,
    steps: int | None,
) -> list[Step]:
    """Documents in this order, in packs of at most `limit` tokens; so many steps at most."""
    packs = _packs(order, lengths, limit)
    return list(islice(_steps(packs, lengths, batch_tokens), steps))


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


def _steps(packs: Iterator[Pack], lengths: Sequence[int], batch_tokens: int) -> Iterator[Step]:
    """A step ends where one more pack would overshoot by more than it falls short now."""
    step: list[Pack] = []
    tokens = 0
    for pack in packs:
        size = sum(lengths[index] for index in pack)
        if step and tokens + size / 2 > batch_tokens:
            yield tuple(step)
            step, tokens = [], 0
        step.append(pack)
        tokens += size
    if step:
        yield tuple(step)


def in_turn(lengths: Sequence[int], limit: int) -> list[Pack]:
    """All documents once, in their own order, in packs of at most `limit` tokens."""
    return list(_packs(iter(range(len(lengths))), lengths, limit))


def rate_share(step: int, steps: int, warmup_share: float) -> float:
    """Share of the peak learning rate at a step counted from 1: linear up, then half a cosine."""
    warmup = math.ceil(steps * warmup_share)
    if step <= warmup:
        return step / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup + 1)))
