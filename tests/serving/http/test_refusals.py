"""Requests that cannot be answered, some of them meant to do harm."""

import json
import re
from collections.abc import Callable

import httpx
import pytest

Say = Callable[..., str]
CHAT = {"messages": [{"role": "user", "content": "what is the lease term?"}], "max_tokens": 6}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "nope", **CHAT}, 404),
        ({"messages": []}, 400),
        ({"messages": [{"role": "king", "content": "x"}]}, 400),
        ({"messages": [{"role": "assistant", "content": " "}]}, 400),
        ({**CHAT, "temperature": -1}, 400),
        ({**CHAT, "max_tokens": 0}, 400),
        ({**CHAT, "tools": [{"type": "function"}]}, 400),
        ({**CHAT, "model": "A", "lora": [{"name": "B"}]}, 400),
        ({"messages": [{"role": "user", "content": "word " * 3000}]}, 413),
        ({"messages": [{"role": "user", "content": "x" * 2_000_000}]}, 413),
    ],
)
def test_a_request_that_cannot_be_is_refused_in_openais_shape(
    http: httpx.Client, body: dict, status: int
) -> None:
    reply = http.post("/v1/chat/completions", json=body)

    assert status == reply.status_code, reply.text
    assert set(reply.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/v1/chat/completions", {"model": "A"}, "messages is missing; send it"),
        ("/v1/chat/completion", CHAT, "there is no call POST /v1/chat/completion here; .* /docs"),
    ],
)
def test_what_is_missing_is_said_in_words(
    http: httpx.Client, path: str, body: dict, said: str
) -> None:
    assert re.fullmatch(said, http.post(path, json=body).json()["error"]["message"])


COMPLETION = {"prompt": "the", "max_tokens": 8}


@pytest.mark.parametrize(
    "body",
    [
        {**COMPLETION, "grammar": "root ::= " + "(" * 20000 + '"a"' + ")" * 20000},
        {**COMPLETION, "grammar": "root ::= root"},
        {**COMPLETION, "grammar": 'root ::= (("a"?){100}){100}'},
        {**COMPLETION, "grammar": 'root ::= "a" b'},
        {**COMPLETION, "grammar": 'root ::= "a' + "a" * 100_000 + '"'},
        {**COMPLETION, "grammar": "\0"},
        {**COMPLETION, "prompt": "half \ud800 a character"},
        {**COMPLETION, "stop": "half \ud800", "grammar": "\ud800"},
        {**COMPLETION, "logit_bias": {"-1": 5}},
        {**COMPLETION, "logit_bias": {"999999": 5}},
        {**COMPLETION, "prompt": [1, 10**9]},
        {**COMPLETION, "prompt": [-1]},
        {**COMPLETION, "prompt": []},
        {**COMPLETION, "prompt": "the", "top_k": 2**40},
        {**COMPLETION, "echo": True, "logprobs": 1},
        {**COMPLETION, "best_of": 3},
        {**COMPLETION, "suffix": "the end"},
    ],
)
def test_a_hostile_request_is_refused_and_the_server_lives(
    http: httpx.Client, say: Say, body: dict
) -> None:
    raw = json.dumps(body)  # with surrogates escaped, as JSON allows
    reply = http.post("/v1/completions", content=raw, headers={"Content-Type": "application/json"})

    assert reply.status_code == 400, reply.text
    assert say("A")


@pytest.mark.parametrize("word", ["minItems", "maxItems", "minLength", "maxLength"])
def test_a_schema_that_explodes_is_refused(http: httpx.Client, word: str) -> None:
    schema = {"type": ["array", "string"], "items": {"type": "integer"}, word: 10**9}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    reply = http.post("/v1/chat/completions", json={**CHAT, "response_format": form})

    assert reply.status_code == 400
    assert word in reply.json()["error"]["message"]
