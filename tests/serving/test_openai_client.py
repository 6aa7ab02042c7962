"""OpenAI's own Python client against the server."""

import pytest

openai = pytest.importorskip("openai", reason="the openai client is not installed")


@pytest.fixture
def client(server_url: str) -> "openai.OpenAI":
    return openai.OpenAI(base_url=f"{server_url}/v1", api_key="none", max_retries=0)


MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "what is the lease term?"},
]


def test_models_are_listed(client: "openai.OpenAI") -> None:
    assert "A" in [model.id for model in client.models.list()]


def test_a_chat_says_what_answered(client: "openai.OpenAI") -> None:
    reply = client.chat.completions.create(
        model="A:0.5+B", messages=MESSAGES, max_tokens=5, logprobs=True, top_logprobs=2, n=2
    )

    assert [choice.index for choice in reply.choices] == [0, 1]
    assert reply.choices[0].logprobs.content[0].top_logprobs
    assert [layer["name"] for layer in reply.model_extra["lamina"]["layers"]]


def test_a_stream_ends_with_usage(client: "openai.OpenAI") -> None:
    stream = client.chat.completions.create(
        model="A",
        messages=MESSAGES,
        max_tokens=5,
        stream=True,
        stream_options={"include_usage": True},
    )
    parts = list(stream)

    assert parts[-1].usage.completion_tokens == 5
    assert parts[-2].choices[0].finish_reason == "length"


def test_the_lora_field_goes_through_extra_body(client: "openai.OpenAI") -> None:
    reply = client.completions.create(
        model="base", prompt="the", max_tokens=2, extra_body={"lora": [{"name": "C"}]}
    )

    assert reply.model_extra["lamina"]["layers"][0]["name"] == "C"


def test_errors_become_the_clients_own(client: "openai.OpenAI") -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'nope'"):
        client.chat.completions.create(model="nope", messages=MESSAGES)
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="A", messages=MESSAGES, temperature=-1)
