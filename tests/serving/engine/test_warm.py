"""Beginnings that lost their slot come back as they were, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from lamina.serving.engine.sequence import Generation, Sequence
from lamina.serving.engine.slots import Slot, Slots
from lamina.serving.engine.warm import WORTH_TOKENS, WarmFigures, WarmOptions
from lamina.serving.layers.blends import AppliedLayer, LayerSet
from lamina.serving.layers.residency import Memory
from lamina.serving.llama import Base, ContextOptions, open_base, quiet

MB = 1 << 20
LENGTH = 100  # tokens of a prompt
LEGAL = LayerSet((AppliedLayer("legal", 1.0, "Legal", Path("legal.gguf")),))
MEDICAL = LayerSet((AppliedLayer("medical", 1.0, "Medical", Path("medical.gguf")),))


@pytest.fixture(scope="module")
def opened(base_gguf: Path) -> Iterator[Base]:
    quiet()
    with open_base(base_gguf, ContextOptions(n_ctx=256, n_slots=1, n_threads=1)) as base:
        yield base


@pytest.fixture
def base(opened: Base) -> Base:
    opened.forget_all()
    return opened


Made = Callable[..., Slots]


@pytest.fixture
def slots_of(base: Base) -> Iterator[Made]:
    """Makes the slots of a context that has seen nothing."""
    with ExitStack() as stack:

        def make(memory: Memory | None = None, **options: object) -> Slots:
            chosen = {"memory_bytes": 64 * MB, **options}
            slots = Slots(base, WarmOptions(**chosen), WarmFigures(), memory or Memory())
            stack.callback(slots.warm.close)
            return slots

        yield make


def prompt(first: int) -> list[int]:
    return [(first + 7 * n) % 60 + 3 for n in range(LENGTH)]


def visit(slots: Slots, base: Base, layers: LayerSet, tokens: list[int]) -> tuple[int, np.ndarray]:
    """Evaluate a prompt as the engine does: tokens found, and the last one's logits."""
    sequence = Sequence(layers, list(tokens), Generation(max_tokens=1))
    slot: Slot = slots.seat(sequence)
    found, rest = sequence.evaluated, tokens[sequence.evaluated :]
    if found == 0:  # in two steps, as a prompt that is found is: rounding must be the same
        base.evaluate(rest[:-1], position=0)
        found_logits = base.evaluate(rest[-1:], position=len(tokens) - 1)
    else:
        found_logits = base.evaluate(rest, position=found)
    slot.tokens = list(tokens)
    slots.leave(slot)
    return found, found_logits


def test_what_lost_its_slot_comes_back_with_the_same_bits(base: Base, slots_of: Made) -> None:
    slots = slots_of()
    _, cold = visit(slots, base, LEGAL, prompt(1))
    visit(slots, base, MEDICAL, prompt(5))
    found, warm = visit(slots, base, LEGAL, prompt(1))

    assert found == LENGTH - 1
    assert np.array_equal(cold, warm)


def test_it_comes_back_from_disk_too(base: Base, slots_of: Made, tmp_path: Path) -> None:
    size = _size(base)
    slots = slots_of(memory_bytes=size, disk_bytes=4 * size, folder=tmp_path)
    _, cold = visit(slots, base, LEGAL, prompt(1))
    for first in (5, 9):
        visit(slots, base, MEDICAL, prompt(first))
    assert slots.warm.figures.disk_bytes > 0
    slots.warm._writing.result()  # noqa: SLF001 - else it might still be read from memory
    found, warm = visit(slots, base, LEGAL, prompt(1))

    assert found == LENGTH - 1
    assert np.array_equal(cold, warm)


def test_under_other_layers_nothing_comes_back(base: Base, slots_of: Made) -> None:
    slots = slots_of()
    visit(slots, base, LEGAL, prompt(1))
    visit(slots, base, MEDICAL, prompt(5))

    assert visit(slots, base, MEDICAL, prompt(1))[0] == 0


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_is_not_as_it_was_saved_is_evaluated_again(
    base: Base, slots_of: Made, tmp_path: Path, *, on_disk: bool
) -> None:
    size = _size(base)
    disk = {"memory_bytes": size, "disk_bytes": 4 * size, "folder": tmp_path} if on_disk else {}
    slots = slots_of(**disk)
    _, cold = visit(slots, base, LEGAL, prompt(1))
    for first in (5, 9):
        visit(slots, base, MEDICAL, prompt(first))
    kept = slots.warm.find(LEGAL, prompt(1), LENGTH - 1).kept
    if on_disk:
        slots.warm._writing.result()  # noqa: SLF001 - the test waits for the disk
        kept.file.seek(size // 2)
        kept.file.write(b"\xff\x00\xff\x00")
    else:
        kept.digest.result()
        kept.state[size // 2] ^= 1
    found, again = visit(slots, base, LEGAL, prompt(1))

    assert found == 0
    assert np.array_equal(cold, again)
    assert slots.warm.figures.damaged == 1


def test_what_was_unused_longest_makes_room(base: Base, slots_of: Made) -> None:
    room = 2 * _size(base)
    slots = slots_of(memory_bytes=room)
    for first in (1, 5, 9, 13):  # the last one still has its slot
        visit(slots, base, LEGAL, prompt(first))
    there = [slots.warm.find(LEGAL, prompt(first), LENGTH) is not None for first in (1, 5, 9)]

    assert there == [False, True, True]
    assert slots.warm.figures.memory_bytes <= room
    assert slots.warm.figures.dropped == 1


@pytest.mark.parametrize("disk", [0, 1])
def test_what_comes_back_may_have_to_make_room_for_what_goes(
    base: Base, slots_of: Made, tmp_path: Path, disk: int
) -> None:
    room = _size(base)
    slots = slots_of(memory_bytes=room, disk_bytes=disk * room, folder=tmp_path)
    _, cold = visit(slots, base, LEGAL, prompt(1))
    for layers, first in ((MEDICAL, 5), (LEGAL, 1), (MEDICAL, 5), (MEDICAL, 9), (LEGAL, 1)):
        _, warm = visit(slots, base, layers, prompt(first))
        if slots.warm._writing:  # noqa: SLF001 - the test waits for the disk
            slots.warm._writing.result()  # noqa: SLF001

    assert np.array_equal(cold, warm)
    assert slots.warm.figures.memory_bytes <= room
    assert slots.warm.figures.disk_bytes <= disk * room


def test_a_conversation_that_went_on_is_kept_once(base: Base, slots_of: Made) -> None:
    slots = slots_of()
    visit(slots, base, LEGAL, prompt(1)[:-10])
    visit(slots, base, MEDICAL, prompt(5))
    visit(slots, base, LEGAL, prompt(1))
    visit(slots, base, MEDICAL, prompt(5))

    assert [len(one.tokens) for one in slots.warm._of(LEGAL)] == [LENGTH]  # noqa: SLF001


def test_layers_that_no_name_means_are_not_kept(base: Base, slots_of: Made) -> None:
    memory = Memory(current=frozenset({"legal", "medical"}))
    slots = slots_of(memory)
    visit(slots, base, LEGAL, prompt(1))
    visit(slots, base, MEDICAL, prompt(5))
    memory.current = frozenset({"medical"})
    slots.warm.let_go()

    assert slots.warm.find(LEGAL, prompt(1), LENGTH) is None
    assert slots.warm.figures.memory_bytes == 0


@pytest.mark.parametrize("length", [WORTH_TOKENS - 1, WORTH_TOKENS])
def test_short_prompts_are_not_kept(base: Base, slots_of: Made, length: int) -> None:
    slots = slots_of()
    visit(slots, base, LEGAL, prompt(1)[:length])
    visit(slots, base, MEDICAL, prompt(5))

    assert slots.warm.figures.saved == (length >= WORTH_TOKENS)


def test_without_room_nothing_is_copied(base: Base, slots_of: Made) -> None:
    slots = slots_of(memory_bytes=_size(base) - 1)
    visit(slots, base, LEGAL, prompt(1))

    assert visit(slots, base, MEDICAL, prompt(5))[0] == 0
    assert slots.warm.figures.saved == 0


def _size(base: Base) -> int:
    """Bytes of a prompt's state."""
    base.evaluate(prompt(1), position=0)
    size = base.state_bytes(0)
    base.forget_all()
    return size
