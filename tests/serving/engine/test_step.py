"""What one step evaluates."""

from types import SimpleNamespace

from lamina.serving.engine.sequence import Generation, Sequence, State
from lamina.serving.engine.slots import Slot
from lamina.serving.engine.step import Counters, Share, Stepper
from lamina.serving.layers.blends import LayerSet


def seated(index: int, state: State) -> Slot:
    evaluated = 3 if state is State.DECODING else 0
    one = Sequence(LayerSet(), [1, 2, 3], Generation(), state=state, evaluated=evaluated)
    return Slot(index, LayerSet(), occupant=SimpleNamespace(sequence=one))


def test_answers_and_prompts_are_evaluated_one_after_the_other() -> None:
    slots = [seated(0, State.DECODING), seated(1, State.PREFILLING), seated(2, State.DECODING)]
    base = SimpleNamespace(options=SimpleNamespace(n_batch=10))

    answers, prompts = Stepper(base, 0.25, Counters()).plan(slots, slots)

    assert answers == [Share(slots[0], 1), Share(slots[2], 1)]
    assert prompts == [Share(slots[1], 3)]
