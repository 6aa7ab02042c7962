"""Functions that answers call, over HTTP, on a base whose template knows none."""

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    import openai

PAY = {
    "type": "function",
    "function": {
        "name": "pay",
        "description": "pays the rent",
        "parameters": {
            "type": "object",
            "properties": {"month": {"enum": [1, 2, 3]}, "paid": {"type": "boolean"}},
            "required": ["month", "paid"],
            "additionalProperties": False,
        },
    },
}
STOP = {"type": "function", "function": {"name": "stop"}}
ASKED: dict[str, Any] = {
    "model": "A",
    "messages": [{"role": "user", "content": "pay"}],
    "tools": [PAY, STOP],
    "temperature": 0,
}
NAMED = {"type": "function", "function": {"name": "pay"}}
CALLED = [{"id": "abc", "type": "function", "function": {"name": "pay", "arguments": "{}"}}]


@pytest.fixture(scope="module")
def server_url(roomy_url: str) -> str:
    return roomy_url


def test_a_call_that_is_required_obeys_its_functions_schema(client: "openai.OpenAI") -> None:
    asked = {**ASKED, "tool_choice": NAMED, "parallel_tool_calls": False}
    choice = client.chat.completions.create(**asked).choices[0]
    (call,) = choice.message.tool_calls

    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert call.function.name == "pay"
    assert json.loads(call.function.arguments)["month"] in {1, 2, 3}


def test_a_stream_calls_what_the_whole_answer_calls(client: "openai.OpenAI") -> None:
    asked = {**ASKED, "tool_choice": "required", "parallel_tool_calls": False}
    whole = client.chat.completions.create(**asked).choices[0].message.tool_calls[0].function
    parts = list(client.chat.completions.create(**asked, stream=True))
    calls = [
        part.choices[0].delta.tool_calls[0] for part in parts if part.choices[0].delta.tool_calls
    ]

    assert calls[0].id
    assert calls[0].function.name == whole.name
    assert "".join(call.function.arguments for call in calls) == whole.arguments
    assert parts[-1].choices[0].finish_reason == "tool_calls"


def test_an_answer_that_need_not_call_may_be_text(client: "openai.OpenAI") -> None:
    choice = client.chat.completions.create(**ASKED, max_tokens=5).choices[0]

    assert choice.message.content
    assert choice.message.tool_calls is None
    assert choice.finish_reason == "length"


def test_functions_that_may_not_be_called_leave_the_prompt_as_it_was(
    client: "openai.OpenAI",
) -> None:
    plain = {name: value for name, value in ASKED.items() if name != "tools"}
    with_none = client.chat.completions.create(**ASKED, tool_choice="none", max_tokens=3)
    without = client.chat.completions.create(**plain, max_tokens=3)

    assert with_none.usage.prompt_tokens == without.usage.prompt_tokens


def test_a_conversation_goes_on_with_what_a_function_gave(client: "openai.OpenAI") -> None:
    messages = [
        *ASKED["messages"],
        {"role": "assistant", "content": None, "tool_calls": CALLED},
        {"role": "tool", "tool_call_id": "abc", "content": "paid in March"},
    ]
    reply = client.chat.completions.create(**{**ASKED, "messages": messages}, max_tokens=3)
    shorter = client.chat.completions.create(**ASKED, max_tokens=3)

    assert reply.usage.prompt_tokens > shorter.usage.prompt_tokens + len("paid in March") // 4


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools", "function"),
        ({"tools": [PAY, PAY]}, "tools", "same name"),
        ({"tools": [], "tool_choice": "required"}, "tool_choice", "no tools"),
        ({"tool_choice": {**NAMED, "function": {"name": "x"}}}, "tool_choice", "no tool 'x'"),
        ({"response_format": {"type": "json_object"}}, "tools", "give one"),
        ({"grammar": 'root ::= "a"'}, "tools", "give one"),
        (
            {"messages": [{"role": "assistant", "content": "", "tool_calls": CALLED}]},
            "messages",
            "send what they gave",
        ),
        (
            {"messages": [{"role": "user", "content": "", "tool_calls": CALLED}]},
            "tool_calls",
            "calls nothing",
        ),
    ],
)
def test_what_cannot_be_called_is_refused_by_name(
    http: httpx.Client, more: dict, field: str, said: str
) -> None:
    reply = http.post("/v1/chat/completions", json={**ASKED, **more})

    assert reply.status_code == 400
    assert field in (reply.json()["error"]["param"] or "")
    assert said in reply.json()["error"]["message"]


def test_arguments_nested_too_deep_are_refused(http: httpx.Client) -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900
    calls = [{**CALLED[0], "function": {"name": "pay", "arguments": deep}}]
    messages = [{"role": "assistant", "content": "", "tool_calls": calls}, *ASKED["messages"]]
    reply = http.post("/v1/chat/completions", json={**ASKED, "messages": messages})

    assert reply.status_code == 400
    assert "too deep" in reply.json()["error"]["message"]


def test_minus_one_asks_for_all_that_fits(http: httpx.Client) -> None:
    asked = {"model": "A", "prompt": "the lease", "temperature": 0, "max_tokens": -1}
    reply = http.post("/v1/completions", json={**asked, "ignore_eos": True}).json()

    assert reply["usage"]["total_tokens"] == 2048
