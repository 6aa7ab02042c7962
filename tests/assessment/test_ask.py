import socket

import pytest
from fake_layer_server import FakeLayerServer

from lamina.assessment.asking.client import Client
from lamina.assessment.exam.asked import Read
from lamina.assessment.exam.blend import Blend, parse_blend
from lamina.assessment.exam.sampling import Sampling
from lamina.errors import InvalidInputError, LaminaError, MismatchError, NotFoundError

SAMPLING = Sampling()
LEASES = parse_blend("Leases")


def test_an_answer_carries_its_text_and_its_times(server: FakeLayerServer) -> None:
    with Client(server.url) as client:
        answer = client.ask("Leases question 3?", LEASES, SAMPLING)

    assert answer.text == "Leases answer 3"
    assert 0 < answer.first_token_s <= answer.total_s
    assert (answer.n_prompt_tokens, answer.n_tokens) == (7, 3)
    assert answer.finish == "stop"


def test_the_default_blend_is_set_and_then_asked(server: FakeLayerServer) -> None:
    blend = parse_blend("Leases:0.6+Goodwill:0.4")
    with Client(server.url) as client:
        client.set_default(blend)
        client.ask("anything", blend, SAMPLING, via="adapters")

    parts = [{"name": "Leases", "scale": 0.6}, {"name": "Goodwill", "scale": 0.4}]
    assert server.asked("/lora-adapters") == [{"adapters": parts}]
    assert server.asked("/v1/chat/completions")[0]["model"] == "default"


def test_by_model_name_the_default_stays_untouched(server: FakeLayerServer) -> None:
    with Client(server.url) as client:
        client.ask("anything", LEASES, SAMPLING, via="model")

    assert server.asked("/lora-adapters") == []
    assert server.asked("/v1/chat/completions")[0]["model"] == "Leases"


def test_an_answer_of_other_layers_is_an_error(server: FakeLayerServer) -> None:
    server.liar = True
    with (
        Client(server.url) as client,
        pytest.raises(MismatchError, match="asked Leases but base answered"),
    ):
        client.ask("anything", LEASES, SAMPLING)


def test_a_score_of_other_layers_is_an_error(server: FakeLayerServer) -> None:
    server.liar = True
    with Client(server.url) as client, pytest.raises(MismatchError, match="asked Leases"):
        client.score([Read("text")], LEASES)


def test_scores_come_in_the_order_of_the_texts(server: FakeLayerServer) -> None:
    with Client(server.url) as client:
        scores = client.score([Read("one two"), Read("one two three", "why?")], LEASES)

    assert scores == [(-4.0, 2), (-6.0, 3)]


def test_a_server_that_is_away_is_one_sentence_with_the_remedy() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with Client(url) as client, pytest.raises(NotFoundError) as caught:
            client.layers()

    assert url in str(caught.value)
    assert "lamina serve" in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_an_address_that_cannot_be_is_an_error_with_the_remedy(url: str) -> None:
    with pytest.raises(LaminaError, match="LAMINA_SERVER_URL"), Client(url) as client:
        client.layers()


def test_a_wrong_key_names_the_setting(server: FakeLayerServer) -> None:
    server.api_key = "right"
    with Client(server.url, "wrong") as client, pytest.raises(InvalidInputError) as caught:
        client.set_default(Blend())

    assert "LAMINA_API_KEY" in str(caught.value)


def test_the_key_is_sent(server: FakeLayerServer) -> None:
    server.api_key = "right"
    with Client(server.url, "right") as client:
        assert client.ask("anything", Blend(), SAMPLING).text == "unknown"


def test_the_servers_own_words_reach_the_caller(server: FakeLayerServer) -> None:
    with Client(server.url) as client, pytest.raises(NotFoundError, match="no layer Nobody"):
        client.ask("anything", parse_blend("Nobody"), SAMPLING)


@pytest.mark.parametrize(
    "text", ["", "A:", "A:x", "A+A:0.5", "A:0", "../A", "default", "A B", "A:nan", "+"]
)
def test_what_is_no_blend_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_blend(text)


@pytest.mark.parametrize("name", ["base", "A", "A:0.6+B:0.4", "A:-1", "A+B"])
def test_a_blends_name_reads_back_as_the_blend(name: str) -> None:
    assert parse_blend(name).name == name
