"""What goes through the model at once follows from the memory, and shrinks where it is full."""

from pathlib import Path

import layer_orders
import pytest
import torch

from lamina.progress import Silent
from lamina.store import Store
from lamina.training import fit
from lamina.training.base import load
from lamina.training.checkpoint import Checkpoint
from lamina.training.documents import Document
from lamina.training.memory import blocks, is_full, recompute
from lamina.training.profiles import profile
from lamina.training.recipe import attach
from lamina.training.room import Room, room_for
from lamina.training.sizes import memory_bytes

MISTRAL_7B = {
    "model_type": "mistral",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 32000,
}
LAYER = profile("level2", quantize="none", dtype="bfloat16")
GIB = 1 << 30


def documents(*lengths: int) -> list[Document]:
    return [Document(tuple(range(4, 4 + length)), 1) for length in lengths]


def lengths(passes: list[list[Document]]) -> list[list[int]]:
    return [[len(document.ids) for document in documents] for documents in passes]


PACKS = [documents(30, 20), documents(50), documents(10, 40)]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (0, [[30, 20], [50], [10, 40]]),
        (100, [[30, 20, 50], [10, 40]]),
        (60, [[30, 20], [50, 10], [40]]),
        (40, [[30], [20], [50], [10], [40]]),
    ],
)
def test_packs_are_joined_and_cut_between_documents(tokens: int, expected: list[list[int]]) -> None:
    assert expected == lengths(Room(tokens).passes(PACKS))


def test_half_is_tried_first_and_then_every_block_again() -> None:
    tried = [Room(400)]
    while (smaller := tried[-1].smaller(PACKS, blocks=2)) is not None:
        tried.append(smaller)

    assert [Room(400), Room(75), Room(30), Room(30, 2)] == tried


def test_packs_not_chosen_by_memory_are_not_made_smaller() -> None:
    assert Room().smaller(PACKS, blocks=2) is None


def test_a_large_gpu_takes_a_whole_step_at_once() -> None:
    room = room_for(LAYER, MISTRAL_7B, 60 * GIB)

    assert (room.tokens > 8192, room.recomputed) == (True, 0)


def test_a_smaller_one_computes_only_as_many_blocks_again_as_it_must() -> None:
    rooms = [room_for(LAYER, MISTRAL_7B, free * GIB) for free in (12, 10, 6, 1)]

    assert [room.tokens for room in rooms] == [LAYER.sequence_tokens] * 4 or rooms[0].tokens > 2048
    again = [room.recomputed for room in rooms]
    assert again == sorted(again)
    assert (again[0], again[-1]) == (0, 32)
    assert 0 < again[2] < 32


def test_layers_of_more_modules_take_more_memory() -> None:
    """With dropout each input that a layer reads is kept a second time."""
    more = LAYER.model_copy(update={"targets": profile("demo").targets})

    assert memory_bytes(more, MISTRAL_7B) > memory_bytes(LAYER, MISTRAL_7B) + GIB
    foreign = MISTRAL_7B | {"model_type": "gemma2"}
    assert memory_bytes(more, foreign) > memory_bytes(LAYER, foreign) + 2 * GIB


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
    ],
)
def test_whatever_says_that_memory_is_full_is_understood(error: Exception, *, full: bool) -> None:
    assert is_full(error) is full


def curve(store: Store, base: Path, room: Room) -> list[float | None]:
    """The losses of a short run."""
    profile = layer_orders.QUICK.model_copy(update={"steps": 2, "dropout": 0.0})
    order = layer_orders.order(store, base, profile=profile)
    train = order.documents(store, "train")
    checkpoint = Checkpoint(store.root / "state.pt", 3600)
    with attach(load(order), profile, 1) as model:
        outcome = fit.fit(model, order, train, [], Silent(), checkpoint, room)
    return [entry["train_loss"] for entry in outcome.curve]


def test_a_step_that_was_too_much_is_done_again_in_less_room(
    store: Store, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = curve(store, base, Room())
    longest = max(len(one.ids) for one in layer_orders.order(store, base).documents(store, "train"))
    whole, passed = fit.pack_loss, []

    def narrow(model: object, documents: list[Document]) -> torch.Tensor:
        loss = whole(model, documents)
        passed.append(sum(len(document.ids) for document in documents))
        if passed[-1] > longest:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return loss

    monkeypatch.setattr(fit, "pack_loss", narrow)

    assert curve(store, base, Room(4096)) == pytest.approx(expected, rel=1e-5)
    assert max(passed) > longest >= passed[-1]


def test_blocks_that_compute_again_are_as_before_once_the_layer_is_off(
    store: Store, base: Path
) -> None:
    order = layer_orders.order(store, base)
    model = load(order)
    with attach(model, order.profile, 1) as layer:
        recompute(layer, 1)
        changed = ["forward" in vars(block) for block in blocks(layer)]

    assert changed == [True, False]
    assert not any("forward" in vars(module) for module in model.modules())
    assert not model.get_input_embeddings()._forward_hooks  # noqa: SLF001 - PEFT left one there
