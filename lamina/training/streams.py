"""Text, what is taught, and what is kept, side by side in one run. Pure.

A step is of one of them: a chunk of text has a hundred times the learnt tokens of an answer, and in
one step every learnt token weighs the same. Their steps are spread evenly over the run. Of a fact
each pass shows other wordings, so that it is met often and never word for word in a row.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, count, islice
from typing import Literal, TypeAlias

from lamina.training.packing import Step, pack_steps, packed_steps
from lamina.training.profiles import Profile

Stream: TypeAlias = Literal["text", "study", "replay"]
STREAMS: tuple[Stream, ...] = ("text", "study", "replay")


@dataclass(frozen=True)
class Pieces:
    """Documents as a plan sees them, a place each."""

    lengths: Sequence[int]  # in tokens
    repeats: Sequence[int]  # how often it is seen in one epoch; of text only
    streams: Sequence[Stream]
    facts: Sequence[int | None]  # of study: documents with the same number teach the same

    def places(self, stream: Stream) -> list[int]:
        """Of the documents of a stream."""
        return [place for place, name in enumerate(self.streams) if name == stream]

    def epoch_tokens(self) -> int:
        """One pass over the text."""
        return sum(self.lengths[place] * self.repeats[place] for place in self.places("text"))

    def pass_tokens(self, chosen: Profile) -> int:
        """One pass over what is taught."""
        wordings = chosen.study_wordings
        return round(
            sum(
                min(wordings, len(of)) * sum(self.lengths[place] for place in of) / len(of)
                for of in self.groups(chosen.study_variety)
            )
        )

    def groups(self, variety: int) -> list[list[int]]:
        """Places of what teaches the same, so many at most."""
        found: dict[int | None, list[int]] = {}
        for place in self.places("study"):
            found.setdefault(self.facts[place], []).append(place)
        return [of[:variety] for of in found.values()]


def run_tokens(chosen: Profile, pieces: Pieces) -> float:
    """Tokens of a run by its epochs, passes and shares."""
    own = chosen.epochs * pieces.epoch_tokens()
    own += chosen.study_passes * pieces.pass_tokens(chosen)
    return own + _kept_tokens(chosen, pieces, own)


def _kept_tokens(chosen: Profile, pieces: Pieces, own: float) -> float:
    share = chosen.replay_share if pieces.places("replay") else 0.0
    return share / (1 - share) * own


def stream_steps(chosen: Profile, pieces: Pieces, batch_tokens: int, seed: int) -> list[Step]:
    """The whole run in advance.

    Where the profile says how many steps there are, or that there are more than its epochs and
    passes come to, the streams go on in the same proportion.
    """
    found = {name: _steps(name, chosen, pieces, batch_tokens, None, seed) for name in STREAMS}
    total = sum(map(len, found.values()))
    wanted = chosen.steps or max(total, chosen.least_steps)
    if total and (chosen.steps or wanted != total):  # the last step of epochs may be short
        counts = _apportioned(wanted, {name: len(steps) for name, steps in found.items()})
        found = {
            name: _steps(name, chosen, pieces, batch_tokens, counts[name], seed) for name in STREAMS
        }
    return _interleaved(list(found.values()))


def _steps(  # noqa: PLR0913, PLR0917 - what a stream's part of a run hangs on
    name: Stream,
    chosen: Profile,
    pieces: Pieces,
    batch_tokens: int,
    steps: int | None,
    seed: int,
) -> list[Step]:
    """A stream's own steps: so many, or what its epochs or passes come to."""
    places = pieces.places(name)
    if not places or steps == 0:
        return []
    limit = min(chosen.sequence_tokens, batch_tokens)
    if name == "study":
        groups = pieces.groups(chosen.study_variety)
        rows = sum(min(chosen.study_wordings, len(of)) for of in groups)
        order = _passes(groups, chosen.study_wordings, seed)
        some = None if steps else math.ceil(chosen.study_passes * rows)
        return packed_steps(islice(order, some), pieces.lengths, limit, batch_tokens, steps)
    lengths = [pieces.lengths[place] for place in places]
    repeats = [pieces.repeats[place] for place in places]
    epochs, drawn = chosen.epochs, seed
    if name == "replay":
        repeats = [1] * len(places)
        own = run_tokens(chosen.model_copy(update={"replay_share": 0.0}), pieces)
        epochs, drawn = _kept_tokens(chosen, pieces, own) / sum(lengths), seed + 1
    found = pack_steps(
        lengths,
        repeats,
        sequence_tokens=chosen.sequence_tokens,
        batch_tokens=batch_tokens,
        epochs=epochs,
        steps=steps,
        seed=drawn,
    )
    return [tuple(tuple(places[at] for at in pack) for pack in step) for step in found]


def _passes(groups: Sequence[Sequence[int]], wordings: int, seed: int) -> Iterator[int]:
    """Pass after pass over all groups, other wordings each time, until all were shown."""
    for number in count():
        seen = [
            of[(shift + number * wordings + at) % len(of)]
            for shift, of in enumerate(groups)
            for at in range(min(wordings, len(of)))
        ]
        random.Random(f"{seed}:study:{number}").shuffle(seen)
        yield from seen


def _apportioned(wanted: int, counts: Mapping[Stream, int]) -> dict[Stream, int]:
    """So many steps in the proportion of these."""
    total, before = sum(counts.values()), 0
    found: dict[Stream, int] = {}
    for name, ends in zip(counts, accumulate(counts.values()), strict=True):
        until = round(wanted * ends / total)
        found[name], before = until - before, until
    return found


def _interleaved(parts: Sequence[Sequence[Step]]) -> list[Step]:
    """Every part's steps in their order, at even distances."""
    placed = [
        ((at + 0.5) / len(part), number, step)
        for number, part in enumerate(parts)
        for at, step in enumerate(part)
    ]
    return [step for *_, step in sorted(placed, key=lambda one: one[:2])]
