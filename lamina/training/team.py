"""Processes that train one layer together: each step's packs are dealt out, gradients are summed.

Every process holds the base and the layer, computes its own packs, and takes the same optimizer
step, since gradients and losses are the same everywhere once they are summed. What only one may do,
writing checkpoints and the layer, the first one does. The base must fit each GPU: it is not split.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import torch

Piece = TypeVar("Piece")


class Team(BaseModel):
    """One process's place among those that train a layer; alone by default."""

    model_config = ConfigDict(frozen=True)

    rank: int = Field(0, ge=0)
    size: int = Field(1, ge=1)
    port: int = Field(0, description="on loopback, where they meet")

    @property
    def leads(self) -> bool:
        """Whether it is the one that writes."""
        return self.rank == 0

    @contextmanager
    def met(self) -> Iterator[None]:
        """Meanwhile the processes are connected."""
        if self.size == 1:
            yield
            return
        import torch

        torch.distributed.init_process_group(
            "nccl" if torch.cuda.is_available() else "gloo",
            init_method=f"tcp://127.0.0.1:{self.port}",
            rank=self.rank,
            world_size=self.size,
        )
        try:
            yield
        finally:
            torch.distributed.destroy_process_group()

    def own(self, pieces: Sequence[Piece]) -> list[tuple[int, Piece]]:
        """The pieces that this process computes, with their places among all."""
        return list(enumerate(pieces))[self.rank :: self.size]

    def total(self, tensors: "Sequence[torch.Tensor]") -> None:
        """Replace each float32 tensor by its sum over the processes."""
        if self.size == 1:
            return
        import torch

        flat = torch.cat([tensor.flatten() for tensor in tensors])
        torch.distributed.all_reduce(flat)
        sizes = [tensor.numel() for tensor in tensors]
        for tensor, part in zip(tensors, torch.split(flat, sizes), strict=True):
            tensor.copy_(part.view_as(tensor))


ALONE = Team()
