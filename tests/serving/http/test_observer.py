"""What /metrics counts, and the id of a request."""

import httpx
from figures import figures

FIVE = {"max_tokens": 5, "ignore_eos": True}


def test_tokens_and_swaps_are_counted(server_url: str, http: httpx.Client) -> None:
    http.post("/v1/completions", json={"model": "C", "prompt": "the", **FIVE})
    before = figures(server_url)
    for model in ("A", "B", "A"):
        http.post("/v1/completions", json={"model": model, "prompt": "the", **FIVE})
    after = figures(server_url)

    assert after["lamina_completion_tokens_total"] - before["lamina_completion_tokens_total"] == 15
    assert after["lamina_swaps_total"] - before["lamina_swaps_total"] >= 3


def test_reused_tokens_are_told_apart(server_url: str, http: httpx.Client) -> None:
    name = 'lamina_prompt_tokens_total{origin="reused"}'
    body = {"prompt": "the lease term is paid", "max_tokens": 1}
    http.post("/v1/completions", json=body)
    before = figures(server_url)
    http.post("/v1/completions", json=body)

    assert figures(server_url)[name] > before[name]


def test_unknown_paths_do_not_make_new_figures(server_url: str, http: httpx.Client) -> None:
    http.get("/no/such/path")

    assert not [name for name in figures(server_url) if "/no/such" in name]


def test_the_callers_request_id_comes_back(http: httpx.Client) -> None:
    reply = http.get("/health", headers={"X-Request-Id": "abc-1"})

    assert reply.headers["x-request-id"] == "abc-1"
