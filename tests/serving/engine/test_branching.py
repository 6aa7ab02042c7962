"""Prompts that branch, among everything else an engine does."""

from collections.abc import Iterator
from collections.abc import Sequence as Several
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import pytest

from lamina.errors import LaminaError, ResourceError
from lamina.serving.engine.loop import Loop
from lamina.serving.engine.options import EngineOptions
from lamina.serving.engine.sequence import Delta, Event, Generation, Outcome, Sequence
from lamina.serving.engine.step import Stepper
from lamina.serving.engine.thread import Engine
from lamina.serving.layers.blends import AppliedLayer, LayerSet
from lamina.serving.llama import Base, ContextOptions, Sampling, quiet

CONTEXT = ContextOptions(n_ctx=256, n_slots=2, n_threads=1)
PROMPT = [1, 260, 261, 262, 263]
BRANCHES = ((264,), (265, 266, 267), (264, 268), (269, 270, 271, 272, 273))


@contextmanager
def running(model: Path, **options: object) -> Iterator[Engine]:
    quiet()
    engine = Engine(model, EngineOptions(context=CONTEXT, **options))  # type: ignore[arg-type]
    engine.start().result(60)
    yield engine
    engine.stop()


def applied(path: Path, scale: float = 1.0) -> LayerSet:
    size = path.stat().st_size
    return LayerSet((AppliedLayer(path.stem * 8, scale, path.stem, path, size),))


def branching(layers: LayerSet, first: int = 260) -> tuple[Sequence, "Queue[Event]"]:
    events: Queue[Event] = Queue()
    prompt = [1, first, *PROMPT[2:]]
    return Sequence(layers, prompt, Generation(), branches=BRANCHES, sink=events.put), events


def ended(events: "Queue[Event]") -> Outcome | LaminaError:
    while True:
        event = events.get(timeout=30)
        if not isinstance(event, Delta):
            return event


def scores(engine: Engine, layers: LayerSet, first: int = 260) -> tuple[float, ...]:
    sequence, events = branching(layers, first)
    engine.submit(sequence)
    outcome = ended(events)
    assert isinstance(outcome, Outcome), outcome
    return outcome.logprobs


def one_by_one(engine: Engine, layers: LayerSet) -> list[float]:
    """The same texts, each as a sequence of its own in a slot."""
    found: list[float] = []
    for branch in BRANCHES:
        events: Queue[Event] = Queue()
        ids = [*PROMPT, *branch]
        engine.submit(
            Sequence(
                layers, ids, Generation(), score_from=len(PROMPT), reuse=False, sink=events.put
            )
        )
        outcome = ended(events)
        assert isinstance(outcome, Outcome)
        found += outcome.logprobs
    return found


@pytest.fixture
def sets(layer_folder: Path) -> Several[LayerSet]:
    a, b = layer_folder / "A.gguf", layer_folder / "B.gguf"
    return (LayerSet(), applied(a), applied(b), applied(a, 0.5))


def test_branches_score_as_texts_of_their_own(base_gguf: Path, sets: Several[LayerSet]) -> None:
    with running(base_gguf) as engine:
        for layers in sets:
            assert scores(engine, layers) == pytest.approx(one_by_one(engine, layers), abs=1e-4)


def test_branches_of_many_layer_sets_at_once_score_as_in_an_engine_of_their_own(
    base_gguf: Path, sets: Several[LayerSet]
) -> None:
    alone = []
    for layers in sets:
        with running(base_gguf) as engine:
            alone.append(scores(engine, layers))
    with running(base_gguf, slice_s=0.0) as engine:
        greedy = Generation(12, sampling=Sampling(temperature=0), ignore_eos=True)
        talking = [Sequence(layers, list(PROMPT), greedy) for layers in sets]
        asked = [branching(layers) for layers in [*sets, *sets[::-1], *sets]]
        engine.submit(*talking[:2], *(one for one, _ in asked), *talking[2:])
        together = [ended(events) for _, events in asked]

    assert [one.logprobs for one in together if isinstance(one, Outcome)] == [
        *alone, *alone[::-1], *alone
    ]  # fmt: skip


def test_a_prompt_that_would_hold_up_answers_is_scored_in_pieces(
    base_gguf: Path, sets: Several[LayerSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(base_gguf, slice_s=0.0) as engine:
        whole = [scores(engine, layers) for layers in sets]
        steps = engine.counters.steps
        monkeypatch.setattr(Stepper, "prefill_room", lambda *_, **__: 4)
        asked = [branching(layers) for layers in sets]
        engine.submit(*(one for one, _ in asked))
        pieces = [ended(events) for _, events in asked]

        for outcome, scored in zip(pieces, whole, strict=True):
            assert isinstance(outcome, Outcome)
            assert outcome.logprobs == pytest.approx(scored, abs=1e-4)
        assert engine.counters.steps - steps == len(sets) * 3  # of 12 tokens


def test_a_layer_that_was_let_go_comes_back(base_gguf: Path, sets: Several[LayerSet]) -> None:
    with running(base_gguf, adapter_bytes=1) as engine:
        first = [scores(engine, layers) for layers in sets]
        again = [scores(engine, layers) for layers in sets]

        assert again == first
        assert len(engine.memory.loaded) <= 1


def test_a_failed_step_ends_its_prompt_and_leaves_nothing_behind(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = Base.decode, [1]

    def decode(base: Base) -> int:
        left[0] -= 1
        return -3 if left[0] >= 0 else real(base)

    with running(base_gguf) as engine:
        monkeypatch.setattr(Base, "decode", decode)
        lost, events = branching(LayerSet())
        engine.submit(lost)
        assert isinstance(ended(events), ResourceError)

        after = scores(engine, LayerSet(), first=270)
    with running(base_gguf) as engine:
        assert after == scores(engine, LayerSet(), first=270)


def test_a_prompt_that_was_cancelled_is_not_scored(base_gguf: Path) -> None:
    dropped, unheard = branching(LayerSet())

    with running(base_gguf) as engine:

        def change_of_mind(_loop: Loop) -> None:
            engine.submit(dropped)
            engine.cancel(dropped)

        engine.alone(change_of_mind).result(60)
        scores(engine, LayerSet())

    assert unheard.empty()


def test_a_stopping_engine_tells_those_who_wait(base_gguf: Path) -> None:
    with running(base_gguf) as engine:
        asked = [branching(LayerSet()) for _ in range(60)]
        engine.submit(*(one for one, _ in asked))

    assert all(isinstance(ended(events), Outcome | LaminaError) for _, events in asked)
