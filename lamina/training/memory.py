"""The GPU's memory: what is free, when it is full, and how activations are spared."""

import os
from functools import partial

from lamina.training.base import USABLE, Model
from lamina.training.order import LayerOrder
from lamina.training.room import Room, room_for

# What PyTorch's allocator, CUDA itself, cuBLAS and a processor say.
_FULL = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "can't allocate memory")


def prepare() -> None:
    """Let PyTorch's allocator grow what it holds: passes of ever other lengths leave gaps else.

    Before the first allocation on a GPU; measured in benchmarks/results/training_gpu.md.
    """
    if "PYTORCH_CUDA_ALLOC_CONF" not in os.environ:  # its older name
        os.environ.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")


def is_full(error: BaseException) -> bool:
    """Whether an error says that memory, of the GPU or of the machine, did not suffice."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in _FULL)


def free_bytes() -> int:
    """Of the GPU: what nobody holds, and what PyTorch holds without using it."""
    import torch

    unheld, _ = torch.cuda.mem_get_info()
    return int(unheld + torch.cuda.memory_reserved() - torch.cuda.memory_allocated())


def room_on(model: Model, order: LayerOrder) -> Room:
    """The room beside a model; the order has its `auto` decided. A processor takes pack by pack."""
    if model.device.type != "cuda":
        return Room()
    return room_for(order.profile, order.config(), int(USABLE * free_bytes()))


def recompute(model: Model, number: int) -> None:
    """Let the first blocks compute their activations again instead of keeping them; 0 = none."""
    from torch.utils.checkpoint import checkpoint

    for place, block in enumerate(blocks(model)):
        vars(block).pop("forward", None)
        if place < number:
            block.forward = partial(checkpoint, block.forward, use_reentrant=False)


def blocks(model: Model) -> Model:
    """The decoder's blocks, in order."""
    return getattr(model, "get_base_model", lambda: model)().get_decoder().layers
