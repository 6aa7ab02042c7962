import json
from pathlib import Path

import httpx

from lamina.serving.launch import running_server


def figures(http: httpx.Client) -> dict[str, float]:
    lines = [line for line in http.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_tokens_and_swaps_are_counted(http: httpx.Client) -> None:
    before = figures(http)
    for model in ("A", "B", "A"):
        http.post("/v1/completions", json={"model": model, "prompt": "the", "max_tokens": 5})
    after = figures(http)

    assert after["lamina_completion_tokens_total"] - before["lamina_completion_tokens_total"] == 15
    assert after["lamina_swaps_total"] - before["lamina_swaps_total"] >= 3


def test_reused_tokens_are_told_apart(http: httpx.Client) -> None:
    name = 'lamina_prompt_tokens_total{origin="reused"}'
    body = {"prompt": "the lease term is paid", "max_tokens": 1}
    http.post("/v1/completions", json=body)
    before = figures(http)
    http.post("/v1/completions", json=body)

    assert figures(http)[name] > before[name]


def test_unknown_paths_do_not_make_new_figures(http: httpx.Client) -> None:
    http.get("/no/such/path")

    assert not [name for name in figures(http) if "/no/such" in name]


def test_the_callers_request_id_comes_back(http: httpx.Client) -> None:
    reply = http.get("/health", headers={"X-Request-Id": "abc-1"})

    assert reply.headers["x-request-id"] == "abc-1"


def test_a_request_writes_one_line_with_its_layers(base_gguf: Path, layer_folder: Path) -> None:
    log: list[str] = []
    with running_server(
        base_gguf, adapters=layer_folder, n_ctx=256, n_threads=1, log=log.append
    ) as url:
        body = {"model": "A", "prompt": "the", "max_tokens": 1}
        number = httpx.post(f"{url}/v1/completions", json=body, trust_env=False).headers[
            "x-request-id"
        ]
    lines = [json.loads(line) for line in log if line.startswith("{")]

    assert [(number, 200)] == [(line["request"], line["status"]) for line in lines]
    assert lines[0]["layers"].startswith("A:1@")
