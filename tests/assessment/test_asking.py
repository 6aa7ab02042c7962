"""Cells are asked once, kept at once, and each failure costs one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_layer_server import FakeLayerServer
from matrix_runs import Run
from qa_samples import N_QUESTIONS, topic_of

from lamina.assessment.asking import filling
from lamina.assessment.exam.sampling import Sampling
from lamina.assessment.report.records import AnswerRecord, ChoiceRecord, LossRecord
from lamina.errors import InvalidInputError, LaminaError, MismatchError, NotFoundError

NAMES = ("base", "Leases", "Goodwill")
TOPICS = (topic_of("Goodwill"), topic_of("Leases"))
ALL = 3 * 2 * 3 * N_QUESTIONS  # three ways, two topics, three subjects

Begin = Callable[..., Run]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "PAUSE_S", 0.0)


@pytest.fixture
def begin(server: FakeLayerServer, tmp_path: Path) -> Begin:
    """A run over the folder's cells."""

    def run(names: tuple[str, ...] = NAMES, **more: object) -> Run:
        return Run(server.url, tmp_path / "cells", TOPICS, names, **more)  # type: ignore[arg-type]

    return run


def asked(server: FakeLayerServer) -> int:
    """Questions, choices and texts that the server was asked."""
    items = sum(len(body["items"]) for body in server.asked("/v1/score"))
    return len(server.asked("/v1/chat/completions")) + items


@pytest.mark.parametrize("via", ["adapters", "model"])
def test_everything_is_asked_once_of_every_subject(
    server: FakeLayerServer, begin: Begin, via: str
) -> None:
    run = begin()

    assert run.fill(via=via) == ()  # type: ignore[arg-type]
    assert asked(server) == len(run.records()) == ALL


@pytest.mark.parametrize("via", ["adapters", "model"])
def test_a_cell_is_its_own_subjects(begin: Begin, via: str) -> None:
    run = begin()
    run.fill(via=via)  # type: ignore[arg-type]
    found = run.records()

    answers = [one for one in found if isinstance(one, AnswerRecord)]
    correct = {(one.blend, one.topic) for one in answers if one.correct}
    assert correct == {("Leases", "Leases"), ("Goodwill", "Goodwill")}
    losses = {one.blend: one.loss for one in found if isinstance(one, LossRecord)}
    assert losses == {"base": 3.0, "Leases": 2.0, "Goodwill": 2.5}
    first = {
        (one.blend, one.topic) for one in found if isinstance(one, ChoiceRecord) and one.margin
    }
    assert first == correct
    assert {one.margin for one in found if isinstance(one, ChoiceRecord)} == {0.0, 1.0, 1.5}


def test_the_rank_of_the_reference_is_among_the_others(begin: Begin) -> None:
    run = begin(("Leases",))
    run.fill()
    (known,) = {one.rank for one in run.records() if isinstance(one, ChoiceRecord) and one.margin}

    assert known == 1
    assert {one.n_others for one in run.records() if isinstance(one, ChoiceRecord)} == {6}


def test_a_second_run_asks_nothing(server: FakeLayerServer, begin: Begin) -> None:
    first = begin()
    first.fill()
    second = begin()
    server.requests.clear()

    assert second.fill() == ()
    assert server.requests == []
    assert second.records() == first.records()


def test_a_changed_layer_costs_its_own_cells(server: FakeLayerServer, begin: Begin) -> None:
    begin().fill()
    server.requests.clear()
    server.layers["Leases"] = "9" * 64

    begin().fill(via="model")

    assert asked(server) == ALL / 3
    assert {body["model"] for _, body in server.requests} == {"Leases"}


def test_another_scale_and_another_way_to_draw_are_other_cells(
    server: FakeLayerServer, begin: Begin
) -> None:
    begin(("Leases",)).fill()
    server.requests.clear()

    begin(("Leases:0.5",)).fill()
    assert asked(server) == ALL / 3
    server.requests.clear()
    begin(("Leases",), sampling=Sampling(system="Be brief.")).fill()
    assert asked(server) == len(server.asked("/v1/chat/completions")) == 2 * N_QUESTIONS


def test_a_blend_named_in_another_order_is_the_same_subject(
    server: FakeLayerServer, begin: Begin
) -> None:
    begin(("Leases:0.5+Goodwill:0.25",)).fill()
    server.requests.clear()

    begin(("Goodwill:0.25+Leases:0.5",)).fill()
    assert asked(server) == 0


def test_a_run_that_ended_goes_on(server: FakeLayerServer, begin: Begin) -> None:
    server.refusals = {"Leases question 5?": [401]}
    with pytest.raises(InvalidInputError, match="LAMINA_API_KEY"):
        begin().fill(via="model")
    had = len(begin().records())
    server.requests.clear()

    begin().fill(via="model")

    assert had > 0
    assert asked(server) == ALL - had
    assert len(begin().records()) == ALL


def test_a_request_that_fails_for_a_moment_is_tried_again(
    server: FakeLayerServer, begin: Begin
) -> None:
    server.refusals = {"Leases question 5?": [503, 500]}
    run = begin()

    assert run.fill() == ()
    assert len(run.records()) == ALL


def test_a_request_that_keeps_failing_costs_one_cell_and_is_named(
    server: FakeLayerServer, begin: Begin
) -> None:
    server.refusals = {"held-out text number 5": [500] * 9}
    run = begin(("base",))
    failures = run.fill()

    assert len(run.records()) == ALL / 3 - len(failures)
    assert {one.wanted.item.text for one in failures} <= {  # type: ignore[union-attr]
        "Goodwill held-out text number 5",
        "Leases held-out text number 5",
    }
    assert "not now" in failures[0].why
    server.refusals = {}
    assert begin(("base",)).fill() == ()  # the next run asks it again


def test_what_is_refused_for_itself_is_not_tried_again(
    server: FakeLayerServer, begin: Begin
) -> None:
    server.refusals = {"Leases question 5?": [413] * 9}
    (failure, *more) = begin(("base",)).fill()

    assert not more or failure != more[0]
    assert len(server.refusals["Leases question 5?"]) == 9 - 3  # asked, together, and alone


def test_a_server_that_fails_at_everything_ends_the_run(
    server: FakeLayerServer, begin: Begin
) -> None:
    server.refusals = {"question": [500] * 999, "held-out": [500] * 999}

    with pytest.raises(LaminaError, match="requests in a row failed"):
        begin().fill()


@pytest.mark.parametrize(("status", "error"), [(404, NotFoundError), (409, MismatchError)])
def test_what_would_fail_for_every_other_request_ends_the_run(
    server: FakeLayerServer, begin: Begin, status: int, error: type[LaminaError]
) -> None:
    server.refusals = {"Leases question 5?": [status]}

    with pytest.raises(error):
        begin().fill()


def test_the_servers_default_is_put_back(server: FakeLayerServer, begin: Begin) -> None:
    server.default = {"Goodwill": 0.5}
    begin().fill()

    assert server.default == {"Goodwill": 0.5}


def test_the_servers_default_is_put_back_after_an_error(
    server: FakeLayerServer, begin: Begin
) -> None:
    server.default = {"Goodwill": 0.5}
    with pytest.raises(NotFoundError):
        begin(("Nobody",)).fill()

    assert server.default == {"Goodwill": 0.5}


def test_several_requests_are_in_flight_when_asked_for(
    server: FakeLayerServer, begin: Begin
) -> None:
    server.company = 4
    begin(("base",)).fill(in_flight=4)

    assert server.most_in_flight == 4


def test_one_request_is_in_flight_by_default(server: FakeLayerServer, begin: Begin) -> None:
    begin(("base",)).fill()

    assert server.most_in_flight == 1
