"""OpenAI's own Python client against the server."""

from typing import TYPE_CHECKING, Literal

import pytest
from conversations import GREEDY, MESSAGES, streamed
from pydantic import BaseModel

if TYPE_CHECKING:
    import openai


def test_models_are_listed(client: "openai.OpenAI") -> None:
    assert "A" in [model.id for model in client.models.list()]


@pytest.mark.parametrize("name", ["base", "default", "A", "A:0.5+B"])
def test_a_model_can_be_retrieved_by_what_requests_call_it(
    client: "openai.OpenAI", name: str
) -> None:
    assert name == client.models.retrieve(name).id


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
    assert parts[-2].model_extra["lamina"]["layers"][0]["name"] == "A"


def test_the_lora_field_goes_through_extra_body(client: "openai.OpenAI") -> None:
    reply = client.completions.create(
        model="base", prompt="the", max_tokens=2, extra_body={"lora": [{"name": "C"}]}
    )

    assert reply.model_extra["lamina"]["layers"][0]["name"] == "C"


def test_a_stream_says_what_the_whole_answer_says(client: "openai.OpenAI") -> None:
    whole = client.chat.completions.create(**GREEDY).choices[0].message.content

    assert whole == streamed(client.chat.completions.create(**GREEDY, stream=True))


def test_several_choices_of_several_prompts_keep_their_order(client: "openai.OpenAI") -> None:
    asked = {"model": "base", "temperature": 0, "max_tokens": 3}
    choices = client.completions.create(
        **asked, prompt=["the lease", "goodwill"], n=2, echo=True
    ).choices

    assert [choice.index for choice in choices] == [0, 1, 2, 3]
    assert choices[0].text == choices[1].text
    assert choices[2].text.startswith("goodwill")


def test_a_seed_gives_the_same_choices_again(client: "openai.OpenAI") -> None:
    asked = {**GREEDY, "temperature": 1.0, "n": 3, "seed": 7}
    first, again = (client.chat.completions.create(**asked).choices for _ in range(2))

    assert [one.message.content for one in first] == [one.message.content for one in again]
    assert len({one.message.content for one in first}) > 1


class Payment(BaseModel):
    kind: Literal["rent", "fee"]
    month: Literal[1, 2, 3]
    paid: bool


class Schedule(BaseModel):
    payments: list[Payment]
    note: Literal["late"] | None


def test_an_answer_is_parsed_into_the_callers_own_class(client: "openai.OpenAI") -> None:
    reply = client.chat.completions.parse(
        **{**GREEDY, "max_tokens": 300, "seed": 1}, response_format=Schedule
    )

    assert isinstance(reply.choices[0].message.parsed, Schedule)
