"""What OpenAI's client is refused, by name, and what is let pass."""

import pytest
from conversations import GREEDY, MESSAGES

openai = pytest.importorskip("openai", reason="the openai client is not installed")


def test_errors_become_the_clients_own(client: "openai.OpenAI") -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'nope'"):
        client.chat.completions.create(model="nope", messages=MESSAGES)
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="A", messages=MESSAGES, temperature=-1)
    with pytest.raises(openai.NotFoundError, match="no embeddings: the mean states"):
        client.embeddings.create(model="base", input="the")


def test_a_model_that_is_not_there_cannot_be_retrieved(client: "openai.OpenAI") -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-4'"):
        client.models.retrieve("gpt-4")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"extra_body": {"lorra": [{"name": "B"}]}}, "knows no field lorra; did you mean lora?"),
        ({"extra_body": {"temprature": 0}}, "did you mean temperature?"),
        ({"functions": [{"name": "f"}]}, "this server; send tools"),
        ({"reasoning_effort": "low"}, "reasoning_effort is not supported"),
        ({"top_logprobs": 2}, "needs logprobs"),
        ({"stop": ["x"] * 65}, "at most 64"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "no schema"),
        (
            {
                "response_format": {"type": "json_object"},
                "extra_body": {"grammar": 'root ::= "a"'},
            },
            "give one",
        ),
    ],
)
def test_what_would_be_ignored_is_refused_by_name(
    client: "openai.OpenAI", more: dict, said: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=said):
        client.chat.completions.create(**{**GREEDY, **more})


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}],
        [*MESSAGES, {"role": "assistant", "tool_calls": [{"id": "1", "type": "function"}]}],
    ],
)
def test_a_message_that_is_not_text_is_refused(
    client: "openai.OpenAI", messages: list[dict]
) -> None:
    with pytest.raises(openai.BadRequestError, match=r"text only|tool_calls"):
        client.chat.completions.create(**{**GREEDY, "messages": messages})


def test_what_changes_no_answer_is_let_pass(client: "openai.OpenAI") -> None:
    reply = client.chat.completions.create(
        **GREEDY, user="me", store=False, metadata={"a": "b"}, tool_choice="none"
    )

    assert reply.choices[0].message.content
