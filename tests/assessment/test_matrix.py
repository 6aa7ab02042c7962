import pytest
from fake_layer_server import FakeLayerServer
from qa_samples import N_QUESTIONS, topic_of

from lamina.assessment.ask import Client
from lamina.assessment.blend import Blend, parse_blend
from lamina.assessment.matrix import Matrix, run_matrix
from lamina.assessment.records import AnswerRecord, LossRecord
from lamina.errors import NotFoundError
from lamina.progress import Silent

BLENDS = (Blend(), parse_blend("Leases"), parse_blend("Goodwill"))


def run(server: FakeLayerServer, matrix: Matrix) -> list[AnswerRecord | LossRecord]:
    with Client(server.url) as client:
        return run_matrix(matrix, client, Silent())


@pytest.mark.parametrize("via", ["adapters", "model"])
def test_every_question_and_row_is_measured_once_under_every_blend(
    server: FakeLayerServer, via: str
) -> None:
    topics = (topic_of("Goodwill"), topic_of("Leases"))

    records = run(server, Matrix(topics, BLENDS, via=via))  # type: ignore[arg-type]

    kinds = {(record.type, record.blend, record.topic) for record in records}
    assert len(kinds) == 2 * 3 * 2
    assert len(records) == len(kinds) * N_QUESTIONS


@pytest.mark.parametrize("via", ["adapters", "model"])
def test_the_blend_of_a_record_is_the_one_that_answered(server: FakeLayerServer, via: str) -> None:
    records = run(server, Matrix((topic_of("Leases"),), BLENDS, via=via))  # type: ignore[arg-type]

    answers = [record for record in records if isinstance(record, AnswerRecord)]
    assert {answer.blend for answer in answers if answer.exact} == {"Leases"}
    losses = {record.blend: record.loss for record in records if isinstance(record, LossRecord)}
    assert losses == {"base": 3.0, "Leases": 2.0, "Goodwill": 2.5}


def test_the_servers_default_is_put_back(server: FakeLayerServer) -> None:
    server.default = {"Goodwill": 0.5}

    run(server, Matrix((topic_of("Leases"),), BLENDS))

    assert server.default == {"Goodwill": 0.5}


def test_the_servers_default_is_put_back_after_an_error(server: FakeLayerServer) -> None:
    server.default = {"Goodwill": 0.5}

    with pytest.raises(NotFoundError):
        run(server, Matrix((topic_of("Leases"),), (parse_blend("Nobody"),)))

    assert server.default == {"Goodwill": 0.5}


def test_several_requests_are_in_flight_when_asked_for(server: FakeLayerServer) -> None:
    server.pause_s = 0.05

    run(server, Matrix((topic_of("Leases"),), BLENDS, concurrency=4))

    assert server.most_in_flight == 4


def test_one_request_is_in_flight_by_default(server: FakeLayerServer) -> None:
    run(server, Matrix((topic_of("Leases"),), BLENDS))

    assert server.most_in_flight == 1
