"""Steps that are cut short because somebody left: who is asked again, and what stays right."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from lamina.errors import BusyError, LaminaError
from lamina.serving.engine.options import EngineOptions
from lamina.serving.engine.present_step import PresentStep
from lamina.serving.engine.sequence import Delta, Event, Generation, Outcome, Sequence, State
from lamina.serving.engine.thread import Engine
from lamina.serving.layers.blends import LayerSet
from lamina.serving.llama import Base, ContextOptions, Interrupt, Sampling, open_base, quiet

CONTEXT = ContextOptions(n_ctx=512, n_slots=2, n_threads=1)
LONG = [1, *range(260, 400)]


@contextmanager
def running(model: Path) -> Iterator[Engine]:
    quiet()
    engine = Engine(model, EngineOptions(context=CONTEXT))
    engine.start().result(60)
    yield engine
    engine.stop()


def sequence(events: "Queue[Event]", prompt: list[int], **more: object) -> Sequence:
    generation = Generation(6, sampling=Sampling(temperature=0), ignore_eos=True)
    return Sequence(LayerSet(), prompt, generation, sink=events.put, **more)


def ended(events: "Queue[Event]") -> Outcome | LaminaError:
    while True:
        event = events.get(timeout=60)
        if not isinstance(event, Delta):
            return event


def answer(engine: Engine, prompt: list[int]) -> list[int]:
    events: Queue[Event] = Queue()
    one = sequence(events, prompt)
    engine.submit(one)
    ended(events)
    return one.answer


def in_the_middle(
    monkeypatch: pytest.MonkeyPatch, do: Callable[[Base], None], times: int = 1
) -> list[int]:
    """Do something while a step is evaluated, so often; the codes of all steps."""
    real, codes = Base.decode, []

    def decode(base: Base) -> int:
        if len(codes) < times:
            do(base)
        codes.append(real(base))
        return codes[-1]

    monkeypatch.setattr(Base, "decode", decode)
    return codes


def test_a_raised_flag_ends_a_step_and_a_lowered_one_does_not(base_gguf: Path) -> None:
    interrupt = Interrupt()
    with open_base(base_gguf, CONTEXT, interrupt) as base:
        base.batch.add(LONG, position=0, slot=0, wanted_from=len(LONG) - 1)
        interrupt.raise_flag()
        cut = base.decode()
        interrupt.lower_flag()

        assert (cut, base.decode()) == (Interrupt.CUT, 0)


def test_who_leaves_ends_the_step_that_evaluates_the_prompt(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(base_gguf) as engine:
        expected = answer(engine, LONG)
        leaving = sequence(Queue(), [*LONG[:100], 300, 301])
        codes = in_the_middle(monkeypatch, lambda _base: engine.cancel(leaving))
        engine.submit(leaving)
        while leaving.state is not State.DONE:
            time.sleep(0.001)

        assert codes == [Interrupt.CUT]
        assert leaving.sink.__self__.empty()
        assert expected == answer(engine, LONG)


def test_who_shares_a_step_that_is_cut_is_answered_as_if_alone(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staying, events = [1, *range(300, 420)], Queue()
    with running(base_gguf) as engine:
        expected = answer(engine, staying)
    with running(base_gguf) as engine:
        leaving, other = sequence(Queue(), LONG), sequence(events, staying)
        codes = in_the_middle(monkeypatch, lambda _base: engine.cancel(leaving))
        engine.submit(leaving, other)

        assert isinstance(ended(events), Outcome)
        assert codes[0] == Interrupt.CUT
        assert expected == other.answer
        assert expected == answer(engine, staying)  # from what the slot is said to hold


def test_an_answer_under_way_loses_nothing_when_a_step_is_cut(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(base_gguf) as engine:
        expected = answer(engine, LONG)
        answering, leaving = sequence(Queue(), LONG), sequence(Queue(), [1, 300, 301])
        codes = in_the_middle(
            monkeypatch,
            lambda base: engine.cancel(leaving) if base.batch.size == 2 else None,
            times=10**6,
        )
        engine.submit(answering, leaving)
        assert isinstance(ended(answering.sink.__self__), Outcome)

        assert Interrupt.CUT in codes
        assert expected == answering.answer


def test_nobody_is_kept_waiting_by_others_who_come_and_go(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever shares steps with those who leave again and again is evaluated again only once."""
    events: Queue[Event] = Queue()
    with running(base_gguf) as engine:
        staying = sequence(events, [1, *range(300, 420)])
        leavers = [sequence(Queue(), [1, 260 + number, *LONG]) for number in range(20)]

        def leave_and_come(_base: Base) -> None:
            engine.cancel(leavers.pop(0))
            engine.submit(leavers[0])

        codes = in_the_middle(monkeypatch, leave_and_come, times=8)
        engine.submit(staying, leavers[0])

        assert isinstance(ended(events), Outcome)
        assert codes.count(Interrupt.CUT) == 1


def test_scored_branches_are_cut_short_too(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scored() -> Sequence:
        return sequence(Queue(), LONG, branches=((300, 301), (302, 303)))

    with running(base_gguf) as engine:
        before = scored()
        engine.submit(before)
        expected = ended(before.sink.__self__).logprobs
        leaving, after = scored(), scored()
        codes = in_the_middle(monkeypatch, lambda _base: engine.cancel(leaving))
        engine.submit(leaving)
        engine.submit(after)

        assert expected == ended(after.sink.__self__).logprobs
        assert codes[0] == Interrupt.CUT


def test_the_end_does_not_wait_for_a_step(base_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(base_gguf) as engine:
        events: Queue[Event] = Queue()
        codes = in_the_middle(monkeypatch, lambda _base: engine.close())
        engine.submit(sequence(events, LONG))

        assert isinstance(ended(events), BusyError)
        assert codes == [Interrupt.CUT]


def test_a_self_test_ends_with_the_engine(base_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lamina.serving.engine.swap_test import walk

    with running(base_gguf) as engine:
        in_the_middle(monkeypatch, lambda _base: engine.close())
        walking = engine.alone(lambda loop: walk(loop, [LayerSet()], LONG))

        with pytest.raises(LaminaError):
            walking.result(60)


def test_a_step_is_not_cut_for_somebody_else() -> None:
    present, one, other = PresentStep(), sequence(Queue(), LONG), sequence(Queue(), LONG)
    with present.evaluating([one]):
        present.cut([other])
        assert not present.interrupt.is_raised
        present.cut([one])
        assert present.interrupt.is_raised

    assert not present.interrupt.is_raised


def test_those_whom_a_dead_engine_never_saw_are_told(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were accepted while the step that killed it was evaluated."""
    first, second = Queue(), Queue()
    with running(base_gguf) as engine:
        engine.on_death = threading.Event().set

        def dies(_base: Base) -> int:
            engine.submit(sequence(second, LONG))
            msg = "surprise"
            raise RuntimeError(msg)

        monkeypatch.setattr(Base, "decode", dies)
        engine.submit(sequence(first, LONG))
        assert isinstance(ended(first), LaminaError)
        try:
            told = second.get(timeout=60)
        except Empty:
            told = None

    assert isinstance(told, LaminaError)


def test_a_self_test_takes_no_place_from_the_queue(base_gguf: Path) -> None:
    from lamina.serving.engine.swap_test import walk

    quiet()
    engine = Engine(base_gguf, EngineOptions(context=CONTEXT, queue_limit=0))
    engine.start().result(60)
    engine.alone(lambda loop: walk(loop, [LayerSet()], LONG)).result(60)
    try:
        with pytest.raises(BusyError, match="try again later"):
            engine.submit(*[sequence(Queue(), LONG) for _ in range(3)])
    finally:
        engine.stop()
