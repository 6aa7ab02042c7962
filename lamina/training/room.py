"""How a step goes through the model: in passes that fit the memory. Pure.

A processor takes a pack at a time. A GPU takes as much of a step at once as its memory holds, for a
full GPU is a fast one. Where not even the longest document fits, some blocks keep only their input
and compute the rest again in the backward pass.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from lamina.training.documents import Document
from lamina.training.profiles import Profile
from lamina.training.sizes import activations, layer_bytes

WORK_BYTES = 1 << 30  # a chunk of logits, a dequantized weight, what cuBLAS works in


@dataclass(frozen=True, slots=True)
class Room:
    """What goes through the model at once."""

    tokens: int = 0  # of the longest pass; 0 = a pack at a time, whatever its length
    recomputed: int = 0  # blocks, from the first on, that keep only their input

    def passes(self, packs: Sequence[Sequence[Document]]) -> list[list[Document]]:
        """The packs of a step, joined or cut between documents, in their order."""
        if not self.tokens:
            return [list(pack) for pack in packs]
        found: list[list[Document]] = []
        filled = 0
        for document in chain.from_iterable(packs):
            if not found or filled + len(document.ids) > self.tokens:
                found.append([])
                filled = 0
            found[-1].append(document)
            filled += len(document.ids)
        return found

    def smaller(self, packs: Sequence[Sequence[Document]], blocks: int) -> "Room | None":
        """What to try when the memory did not hold these packs: half, then all blocks again.

        None where there is nothing more to try, or the packs were not chosen by memory.
        """
        if not self.tokens:
            return None
        joined = [_tokens(one) for one in self.passes(packs) if len(one) > 1]
        if joined:
            return Room(max(joined) // 2, self.recomputed)
        return None if self.recomputed == blocks else Room(self.tokens, blocks)

    def describe(self) -> str:
        """For a person."""
        again = f", {self.recomputed} blocks computed twice" if self.recomputed else ""
        return f"passes of up to {self.tokens:,} tokens{again}"


def _tokens(documents: Sequence[Document]) -> int:
    return sum(len(document.ids) for document in documents)


def room_for(chosen: Profile, config: Mapping[str, Any], free_bytes: int) -> Room:
    """The longest passes that fit, and at least the longest document."""
    kept, blocks = activations(chosen, config), int(config["num_hidden_layers"])
    spare = free_bytes - layer_bytes(chosen, config) - WORK_BYTES
    a_token = blocks * kept.block + kept.rest
    if spare >= chosen.sequence_tokens * a_token:
        return Room(int(spare // a_token))
    missing = chosen.sequence_tokens * (a_token + kept.block) - spare  # one block is whole again
    spared = chosen.sequence_tokens * (kept.block - kept.entry)
    return Room(chosen.sequence_tokens, min(blocks, math.ceil(missing / spared)))
