"""OpenAI's own Python client against the server."""

import asyncio
import time
from typing import Literal

import httpx
import pytest
from pydantic import BaseModel

openai = pytest.importorskip("openai", reason="the openai client is not installed")


@pytest.fixture
def client(server_url: str) -> "openai.OpenAI":
    return openai.OpenAI(base_url=f"{server_url}/v1", api_key="none", max_retries=0)


MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "what is the lease term?"},
]
GREEDY = {"model": "A", "messages": MESSAGES, "max_tokens": 12, "temperature": 0}


def streamed(parts: "openai.Stream") -> str:
    return "".join(part.choices[0].delta.content or "" for part in parts if part.choices)


def test_models_are_listed(client: "openai.OpenAI") -> None:
    assert "A" in [model.id for model in client.models.list()]


@pytest.mark.parametrize("name", ["base", "default", "A", "A:0.5+B"])
def test_a_model_can_be_retrieved_by_what_requests_call_it(
    client: "openai.OpenAI", name: str
) -> None:
    assert name == client.models.retrieve(name).id


def test_a_model_that_is_not_there_cannot_be_retrieved(client: "openai.OpenAI") -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-4'"):
        client.models.retrieve("gpt-4")


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


def test_a_stream_says_what_the_whole_answer_says(client: "openai.OpenAI") -> None:
    whole = client.chat.completions.create(**GREEDY).choices[0].message.content

    assert whole == streamed(client.chat.completions.create(**GREEDY, stream=True))


def test_no_part_of_a_stop_text_leaks_into_a_stream(client: "openai.OpenAI") -> None:
    whole = client.chat.completions.create(**GREEDY).choices[0].message.content
    stop = whole[len(whole) // 2 :][:5]  # begins and ends inside tokens
    asked = {**GREEDY, "stop": ["never said", stop]}

    assert whole.partition(stop)[0] == streamed(
        client.chat.completions.create(**asked, stream=True)
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_text_ends_an_answer_inside_characters_of_many_tokens(
    client: "openai.OpenAI", *, stream: bool
) -> None:
    asked = {**GREEDY, "stop": "\u20acc", "max_tokens": 60, "stream": stream}
    reply = client.chat.completions.create(
        **asked, extra_body={"grammar": 'root ::= "\U0001f600b\u20accd"'}
    )

    assert (streamed(reply) if stream else reply.choices[0].message.content) == "\U0001f600b"


def test_a_character_of_many_tokens_comes_whole(client: "openai.OpenAI") -> None:
    text = "\U0001f469\u200d\U0001f680 \u20ac \u00fc"
    reply = client.chat.completions.create(
        **{**GREEDY, "max_tokens": 60}, stream=True, extra_body={"grammar": f'root ::= "{text}"'}
    )

    assert text == streamed(reply)


def test_a_seed_gives_the_same_choices_again(client: "openai.OpenAI") -> None:
    asked = {**GREEDY, "temperature": 1.0, "n": 3, "seed": 7}
    first, again = (client.chat.completions.create(**asked).choices for _ in range(2))

    assert [one.message.content for one in first] == [one.message.content for one in again]
    assert len({one.message.content for one in first}) > 1


@pytest.mark.parametrize("stream", [False, True])
def test_the_bytes_of_logprobs_are_the_answer(client: "openai.OpenAI", *, stream: bool) -> None:
    reply = client.chat.completions.create(**GREEDY, logprobs=True, top_logprobs=2, stream=stream)
    parts = list(reply) if stream else [reply]
    told = [part.choices[0].logprobs for part in parts if part.choices[0].logprobs]
    entries = [entry for logprobs in told for entry in logprobs.content]
    whole = client.chat.completions.create(**GREEDY).choices[0].message.content

    assert whole == b"".join(bytes(entry.bytes) for entry in entries).decode("utf-8", "replace")
    assert {2} == {len(entry.top_logprobs) for entry in entries}
    assert all(entry.token == entry.top_logprobs[0].token for entry in entries)


def test_completions_list_as_many_alternatives_as_were_asked_for(client: "openai.OpenAI") -> None:
    """Many tokens are one byte of a character: spelled alike, they would hide one another."""
    reply = client.completions.create(
        model="base", prompt="the", max_tokens=3, logprobs=20, temperature=0
    )

    assert [len(top) for top in reply.choices[0].logprobs.top_logprobs] == [20, 20, 20]


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


def test_parts_of_a_content_are_one_text(client: "openai.OpenAI") -> None:
    parts = [{"type": "text", "text": "what is "}, {"type": "text", "text": "the lease term?"}]
    asked = {**GREEDY, "messages": [{"role": "developer", "content": "Be brief."}]}
    asked["messages"].append({"role": "user", "content": parts})

    assert (
        client.chat.completions.create(**GREEDY).choices[0].message.content
        == client.chat.completions.create(**asked).choices[0].message.content
    )


def test_an_answer_goes_on_with_what_an_assistants_message_began(client: "openai.OpenAI") -> None:
    begun = {"role": "assistant", "content": "the term is"}
    chat = client.chat.completions.create(**{**GREEDY, "messages": [*MESSAGES, begun]})
    prompt = "<s>[INST] Be brief.\n\nwhat is the lease term? [/INST] the term is"
    plain = client.completions.create(model="A", prompt=prompt, max_tokens=12, temperature=0)

    assert plain.choices[0].text == chat.choices[0].message.content


def test_a_system_message_alone_can_be_answered(client: "openai.OpenAI") -> None:
    reply = client.chat.completions.create(**{**GREEDY, "messages": MESSAGES[:1]})

    assert reply.usage.completion_tokens


def test_the_next_turn_of_a_chat_finds_the_last_one_cached(client: "openai.OpenAI") -> None:
    first = client.chat.completions.create(**GREEDY)
    answer = {"role": "assistant", "content": first.choices[0].message.content}
    turn = [*MESSAGES, answer, {"role": "user", "content": "and who approves it?"}]
    second = client.chat.completions.create(**{**GREEDY, "messages": turn})

    assert second.usage.prompt_tokens_details.cached_tokens >= first.usage.prompt_tokens


def test_choices_that_share_a_prompt_cached_nothing(client: "openai.OpenAI") -> None:
    """What the second choice takes from the first one was evaluated for this request."""
    asked = {**GREEDY, "messages": [{"role": "user", "content": "never asked before " * 8}]}
    reply = client.chat.completions.create(**asked, n=3)

    assert reply.usage.prompt_tokens_details.cached_tokens < 8


def test_errors_become_the_clients_own(client: "openai.OpenAI") -> None:
    with pytest.raises(openai.NotFoundError, match="no model 'nope'"):
        client.chat.completions.create(model="nope", messages=MESSAGES)
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="A", messages=MESSAGES, temperature=-1)
    with pytest.raises(openai.NotFoundError, match="no call POST /v1/embeddings"):
        client.embeddings.create(model="base", input="the")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"extra_body": {"lorra": [{"name": "B"}]}}, "knows no field lorra; did you mean lora?"),
        ({"extra_body": {"temprature": 0}}, "did you mean temperature?"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools is not supported"),
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


def test_a_client_that_leaves_a_stream_frees_its_slot(server_url: str) -> None:
    async def leave() -> None:
        async with openai.AsyncOpenAI(base_url=f"{server_url}/v1", api_key="none") as client:
            stream = await client.completions.create(
                model="base",
                prompt="the",
                max_tokens=450,
                stream=True,
                extra_body={"ignore_eos": True},
            )
            async for _ in stream:
                break
            await stream.close()

    asyncio.run(leave())

    assert idle_within(server_url, 2.0)


def test_a_client_that_leaves_its_scores_frees_every_slot(server_url: str) -> None:
    texts = [f"the lease term {number} is paid in March " * 8 for number in range(1000)]
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server_url}/v1/score", json={"texts": texts}, timeout=1, trust_env=False)

    assert idle_within(server_url, 2.0)


def idle_within(server_url: str, seconds: float) -> bool:
    """Whether nothing runs any more, and stays so."""
    end_s, quiet = time.monotonic() + seconds, 0
    while time.monotonic() < end_s and quiet < 3:
        lines = httpx.get(f"{server_url}/metrics", trust_env=False).text.splitlines()
        quiet = quiet + 1 if {"lamina_running 0.0", "lamina_waiting 0.0"} <= set(lines) else 0
        time.sleep(0.1)
    return quiet == 3
