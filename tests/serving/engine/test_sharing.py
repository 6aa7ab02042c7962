"""Requests that run at the same time or share a beginning."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

Say = Callable[..., str]


def test_concurrent_requests_for_different_layers_answer_as_alone(say: Say) -> None:
    alone = {name: say(name) for name in ("base", "A", "B", "A:0.3+C")}
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(say, [*alone] * 6))

    assert [*alone.values()] * 6 == together


def test_a_common_beginning_is_reused_and_the_answer_stays(http: httpx.Client) -> None:
    body = {
        "prompt": "the lease term is paid in March",
        "temperature": 0,
        "max_tokens": 4,
        "model": "C",
    }
    first = http.post("/v1/completions", json=body).json()
    second = http.post("/v1/completions", json=body).json()

    assert second["lamina"]["prompt_tokens_reused"] > 0
    assert first["choices"][0]["text"] == second["choices"][0]["text"]


def test_requests_with_one_long_beginning_evaluate_it_once(http: httpx.Client, say: Say) -> None:
    beginning = "write off above the limit in March, once a year, " * 9
    body = {"prompt": beginning, "n": 4, "temperature": 0, "max_tokens": 4, "model": "B"}
    reply = http.post("/v1/completions", json=body).json()
    length = reply["usage"]["prompt_tokens"]

    assert reply["lamina"]["prompt_tokens_evaluated"] <= length + 3
    alone = say("B", prompt=beginning, max_tokens=4, cache_prompt=False)
    assert {choice["text"] for choice in reply["choices"]} == {alone}
