"""The engine itself: what happens when steps fail, queues fill up and memory ends."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest

from lamina.errors import BusyError, LaminaError, ResourceError
from lamina.serving.engine.options import EngineOptions
from lamina.serving.engine.sequence import Delta, Event, Generation, Outcome, Sequence
from lamina.serving.engine.thread import Engine
from lamina.serving.layers.blends import AppliedLayer, LayerSet
from lamina.serving.layers.files import stamp_of
from lamina.serving.llama import Base, ContextOptions, Sampling, quiet

CONTEXT = ContextOptions(n_ctx=512, n_slots=2, n_threads=1)


@contextmanager
def running(model: Path, **options: object) -> Iterator[Engine]:
    quiet()
    engine = Engine(model, EngineOptions(context=CONTEXT, **options))
    engine.start().result(60)
    yield engine
    engine.stop()


def sequence(events: "Queue[Event]", layers: LayerSet | None = None, n_tokens: int = 4) -> Sequence:
    generation = Generation(n_tokens, sampling=Sampling(temperature=0), ignore_eos=True)
    return Sequence(layers or LayerSet(), [1, 260, 261], generation, sink=events.put)


def ended(events: "Queue[Event]") -> Outcome | LaminaError:
    """The last event of a sequence."""
    while True:
        event = events.get(timeout=30)
        if not isinstance(event, Delta):
            return event


def applied(path: Path) -> LayerSet:
    return LayerSet((AppliedLayer(path.stem * 8, 1.0, path.stem, path, path.stat().st_size),))


def failing(times: int) -> Callable[[Base], int]:
    """A decode that fails so often, then works."""
    real, left = Base.decode, [times]

    def decode(base: Base) -> int:
        left[0] -= 1
        return -3 if left[0] >= 0 else real(base)

    return decode


def test_a_failed_step_ends_its_sequences_and_nobody_else(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(base_gguf) as engine:
        monkeypatch.setattr(Base, "decode", failing(1))
        first, second = Queue(), Queue()
        engine.submit(sequence(first))
        assert isinstance(ended(first), ResourceError)
        engine.submit(sequence(second))

        assert ended(second).finish_reason == "length"


def test_an_answer_after_a_failed_step_is_clean(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(engine: Engine) -> list[int]:
        events: Queue[Event] = Queue()
        one = sequence(events, n_tokens=6)
        engine.submit(one)
        ended(events)
        return one.answer

    with running(base_gguf) as engine:
        before = answer(engine)
        monkeypatch.setattr(Base, "decode", failing(1))
        answer(engine)

        assert before == answer(engine)


def test_an_error_nobody_foresaw_tells_everyone_and_calls_for_help(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_base: Base) -> int:
        msg = "surprise"
        raise RuntimeError(msg)

    died = threading.Event()
    with running(base_gguf) as engine:
        engine.on_death = died.set
        monkeypatch.setattr(Base, "decode", broken)
        queues = [Queue() for _ in range(4)]  # more than there are slots
        engine.submit(*[sequence(events) for events in queues])

        assert all(isinstance(ended(events), ResourceError) for events in queues)
        assert died.wait(60)
        with pytest.raises(BusyError):
            engine.submit(sequence(Queue()))


def test_a_full_queue_refuses(base_gguf: Path) -> None:
    with running(base_gguf, queue_limit=1) as engine:
        queues = [Queue() for _ in range(3)]
        engine.submit(*[sequence(events, n_tokens=200) for events in queues])
        with pytest.raises(BusyError, match="try again later"):
            engine.submit(sequence(Queue()))
        for events in queues:
            ended(events)
        engine.submit(sequence(queues[0]))

        assert ended(queues[0]).finish_reason == "length"


def test_cancelled_sequences_make_room(base_gguf: Path) -> None:
    with running(base_gguf, queue_limit=0) as engine:
        long = [sequence(Queue(), n_tokens=400) for _ in range(2)]
        engine.submit(*long)
        engine.cancel(*long)
        engine.alone(lambda _loop: None).result(60)
        events: Queue[Event] = Queue()
        engine.submit(sequence(events))

        assert ended(events).finish_reason == "length"


def test_layers_beyond_the_memory_limit_are_let_go_least_recently_used_first(
    base_gguf: Path, layer_folder: Path
) -> None:
    sets = {name: applied(layer_folder / f"{name}.gguf") for name in "ABC"}
    size = sets["A"].layers[0].size_bytes
    with running(base_gguf, adapter_bytes=2 * size) as engine:
        for name in "ABAC":
            events: Queue[Event] = Queue()
            engine.submit(sequence(events, sets[name]))
            ended(events)

        assert {"A" * 8, "C" * 8} == engine.memory.loaded


def test_a_pinned_layer_stays(base_gguf: Path, layer_folder: Path) -> None:
    sets = {name: applied(layer_folder / f"{name}.gguf") for name in "ABC"}
    with running(base_gguf, adapter_bytes=1) as engine:
        engine.memory.pinned = frozenset({"A" * 8})
        for name in "ABC":
            events: Queue[Event] = Queue()
            engine.submit(sequence(events, sets[name]))
            ended(events)

        assert "A" * 8 in engine.memory.loaded
        assert "B" * 8 not in engine.memory.loaded


def test_a_layer_file_that_is_gone_ends_its_request_only(base_gguf: Path, tmp_path: Path) -> None:
    gone = LayerSet((AppliedLayer("x", 1.0, "x", tmp_path / "gone.gguf", 1),))
    with running(base_gguf) as engine:
        events: Queue[Event] = Queue()
        engine.submit(sequence(events, gone))
        assert isinstance(ended(events), LaminaError)
        engine.submit(sequence(events))

        assert ended(events).finish_reason == "length"


def test_a_layer_replaced_after_its_check_never_answers_under_the_old_digest(
    base_gguf: Path, layer_folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "A.gguf"
    path.write_bytes((layer_folder / "A.gguf").read_bytes())
    checked = replace(applied(path).layers[0], stamp=stamp_of(path.stat()))
    (tmp_path / "new").write_bytes((layer_folder / "B.gguf").read_bytes())
    (tmp_path / "new").rename(path)
    with running(base_gguf) as engine:
        events: Queue[Event] = Queue()
        engine.submit(sequence(events, LayerSet((checked,))))

        assert isinstance(ended(events), BusyError)
        assert not engine.memory.loaded


def test_sets_take_turns(base_gguf: Path, layer_folder: Path) -> None:
    """Two long answers under different layers: neither is done before the other has begun."""
    sets = [applied(layer_folder / f"{name}.gguf") for name in "AB"]
    with running(base_gguf, slice_s=0.001) as engine:
        queues = [Queue() for _ in sets]
        pairs = zip(queues, sets, strict=True)
        engine.submit(*[sequence(events, layers, n_tokens=200) for events, layers in pairs])
        outcomes = [ended(events) for events in queues]

    first_tokens = [outcome.first_token_ms for outcome in outcomes]
    assert max(first_tokens) < min(outcome.total_ms for outcome in outcomes)


def test_stopping_tells_those_who_wait(base_gguf: Path) -> None:
    with running(base_gguf) as engine:
        queues = [Queue() for _ in range(6)]
        engine.submit(*[sequence(events, n_tokens=400) for events in queues])
    ends = [ended(events) for events in queues]

    assert all(isinstance(end, Outcome | BusyError) for end in ends)
    assert any(isinstance(end, BusyError) for end in ends)


def test_stopping_tells_those_who_wait_for_a_quiet_moment(base_gguf: Path) -> None:
    events: Queue[Event] = Queue()
    with running(base_gguf) as engine:
        engine.submit(sequence(events, n_tokens=400))
        events.get(timeout=30)
        quiet_moment = engine.alone(lambda _loop: None)
        engine.stop()

        with pytest.raises(BusyError, match="stopping"):
            quiet_moment.result(60)
        with pytest.raises(BusyError, match="stopping"):
            engine.load(LayerSet()).result(60)


def test_every_step_holds_its_slots_in_their_order(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Llama.cpp splits a step whose sequences stand in another order, and it costs twice."""
    steps: list[list[int]] = []
    real = Base.decode

    def decode(base: Base) -> int:
        steps.append(base.batch.slots[: base.batch.size].tolist())
        return real(base)

    with running(base_gguf) as engine:
        first, second = Queue(), Queue()
        engine.submit(sequence(first))  # leaves slot 0 used, so that slot 1 comes before it
        ended(first)
        monkeypatch.setattr(Base, "decode", decode)
        engine.submit(sequence(first), sequence(second))
        ended(first)
        ended(second)

    assert [0, 1] in steps
    assert all(step == sorted(step) for step in steps)
