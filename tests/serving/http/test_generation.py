"""Answers over HTTP: streams, stops, sampling, log-probabilities, schemas."""

import json
from collections.abc import Callable

import httpx

Say = Callable[..., str]
CHAT = {"messages": [{"role": "user", "content": "what is the lease term?"}], "max_tokens": 6}


def events(response: httpx.Response) -> list[dict]:
    lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_stream_says_the_same_as_the_whole(http: httpx.Client) -> None:
    body = {**CHAT, "model": "A", "temperature": 0}
    whole = http.post("/v1/chat/completions", json=body).json()
    body |= {"stream": True, "stream_options": {"include_usage": True}}
    with http.stream("POST", "/v1/chat/completions", json=body) as response:
        parts = events(response)

    text = "".join(part["choices"][0]["delta"].get("content", "") for part in parts[:-1])
    assert whole["choices"][0]["message"]["content"] == text
    assert whole["usage"]["completion_tokens"] == parts[-1]["usage"]["completion_tokens"]
    assert parts[-2]["lamina"]["layers"][0]["name"] == "A"


def test_max_tokens_ends_with_length(http: httpx.Client) -> None:
    choice = http.post("/v1/chat/completions", json=CHAT).json()["choices"][0]

    assert choice["finish_reason"] in {"length", "stop"}


def test_a_stop_text_ends_the_answer_before_it(say: Say) -> None:
    whole = say("base")

    assert whole[:4] == say("base", stop=[whole[4:6]])


def test_a_seed_makes_sampling_repeatable(say: Say) -> None:
    first, second = (say("base", temperature=2.0, top_k=0, top_p=1, min_p=0, seed=7) for _ in "12")

    assert first == second


def test_another_seed_samples_otherwise(say: Say) -> None:
    answers_ = {say("base", temperature=5.0, top_k=0, top_p=1, min_p=0, seed=s) for s in range(4)}

    assert len(answers_) > 1


def test_several_choices_of_several_prompts_keep_their_order(http: httpx.Client) -> None:
    body = {
        "prompt": ["the lease", "goodwill"],
        "n": 2,
        "temperature": 0,
        "max_tokens": 3,
        "echo": True,
    }
    choices = http.post("/v1/completions", json=body).json()["choices"]

    assert [choice["index"] for choice in choices] == [0, 1, 2, 3]
    assert choices[0]["text"] == choices[1]["text"]
    assert choices[2]["text"].startswith("goodwill")


def test_logprobs_are_those_of_the_likeliest_token_when_greedy(http: httpx.Client) -> None:
    body = {**CHAT, "temperature": 0, "logprobs": True, "top_logprobs": 3}
    entries = http.post("/v1/chat/completions", json=body).json()["choices"][0]["logprobs"][
        "content"
    ]

    assert all(entry["logprob"] == entry["top_logprobs"][0]["logprob"] for entry in entries)
    assert all(len(entry["top_logprobs"]) == 3 for entry in entries)


def test_a_json_schema_is_obeyed(http: httpx.Client) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    reply = http.post(
        "/v1/chat/completions", json={**CHAT, "max_tokens": 60, "response_format": form}
    )

    assert set(json.loads(reply.json()["choices"][0]["message"]["content"])) == {"a"}
