"""Requests that run at the same time or share a beginning; clients that leave."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

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


def test_a_client_that_leaves_frees_its_slot(server_url: str, http: httpx.Client) -> None:
    body = {"prompt": "the", "stream": True, "max_tokens": 400, "ignore_eos": True}
    for _ in range(8):
        with (
            httpx.Client(base_url=server_url, timeout=60, trust_env=False) as leaving,
            leaving.stream("POST", "/v1/completions", json=body) as response,
        ):
            next(response.iter_lines())
    started_s = time.monotonic()
    http.post("/v1/completions", json={"prompt": "the", "max_tokens": 1})

    assert time.monotonic() - started_s < 5


def test_a_client_that_gives_up_waiting_frees_its_slots(http: httpx.Client) -> None:
    body = {"prompt": "the", "n": 16, "max_tokens": 400, "ignore_eos": True}
    with pytest.raises(httpx.ReadTimeout):
        http.post("/v1/completions", json=body, timeout=0.1)
    time.sleep(0.3)
    figures = http.get("/metrics").text

    assert "lamina_running 0.0" in figures
    assert "lamina_waiting 0.0" in figures
