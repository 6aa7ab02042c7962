"""The server as a process: flags, keys, what it keeps, a clean end."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from lamina import settings
from lamina.errors import InvalidInputError
from lamina.serving.__main__ import parser
from lamina.serving.assembly import assemble
from lamina.serving.launch import answers, running_server
from lamina.serving.server import Server


def test_a_server_may_listen_beyond_this_machine_with_a_key_or_when_it_is_said_aloud(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere = ["--model", str(base_gguf), "--host", "0.0.0.0"]  # noqa: S104
    assert assembled(*everywhere, "--no-key")
    monkeypatch.setenv("LAMINA_ADMIN_KEY", "sesame")
    with pytest.raises(InvalidInputError, match="LAMINA_API_KEY, or say --no-key"):
        assembled(*everywhere)
    monkeypatch.setenv("LAMINA_API_KEY", "sesame")

    assert assembled(*everywhere)


def assembled(*flags: str) -> Server:
    return assemble(parser(settings.load()).parse_args(flags))


def test_weights_stay_as_they_lie_where_that_is_asked(base_gguf: Path) -> None:
    servers = [assembled("--model", str(base_gguf), *flag) for flag in ((), ("--repack", "false"))]

    assert [one.engine.options.context.special_layouts for one in servers] == [True, False]


def test_key_queue_layer_and_log_are_as_the_flags_say(
    base_gguf: Path, layer_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMINA_API_KEY", "sesame")
    monkeypatch.setenv("LAMINA_ADMIN_KEY", "open")
    log: list[str] = []
    flags = ["--queue", "0", "--lora", f"{layer_folder / 'A.gguf'}=0.5"]
    with (
        running_server(
            base_gguf, n_ctx=256, n_threads=1, n_parallel=1, more=flags, log=log.append
        ) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as http,
    ):
        assert http.get("/ready").status_code == 200  # a probe needs no key
        for key, status in (("", 401), ("Bearer x", 401), ("Bearer sesame", 200)):
            http.headers["Authorization"] = key
            assert http.get("/v1/models").status_code == status
        for key, status in (("Bearer sesame", 403), ("Bearer open", 200)):
            http.headers["Authorization"] = key
            assert http.post("/lora-adapters", json=[]).status_code == status
        http.post("/lora-adapters", json=[{"name": "A", "scale": 0.5}])
        layers = http.get("/lora-adapters").json()
        full = http.post("/v1/completions", json={"prompt": "the", "n": 2})
        done = http.post("/v1/completions", json={"prompt": "the", "max_tokens": 1})

    assert [(layer["name"], layer["scale"]) for layer in layers] == [("A", 0.5)]
    assert (full.status_code, full.headers["Retry-After"]) == (429, "2")
    assert full.json()["error"]["type"] == "rate_limit_error"
    lines = [json.loads(line) for line in log if line.startswith("{")]
    assert lines[-1]["request"] == done.headers["x-request-id"]
    assert lines[-1]["status"] == 200
    assert lines[-1]["layers"].startswith("A:0.5@")


def test_a_context_beyond_what_the_base_was_trained_on_is_said_aloud(base_gguf: Path) -> None:
    log: list[str] = []
    with running_server(base_gguf, n_ctx=4096, n_threads=1, log=log.append) as url:
        assert answers(url, timeout_s=60)

    assert any("trained on 2048 tokens" in line for line in log), log


def test_the_default_blend_comes_back_after_a_restart(
    base_gguf: Path, layer_folder: Path, tmp_path: Path
) -> None:
    """Its names do: a layer that is gone by then is told to whoever asks."""
    for name in "AB":
        (tmp_path / f"{name}.gguf").write_bytes((layer_folder / f"{name}.gguf").read_bytes())
    order = [{"name": "A", "scale": 0.5}, {"name": "B", "scale": 0.25}]
    asked = {"prompt": "the", "max_tokens": 1}
    with server(base_gguf, "--adapters-dir", tmp_path) as (child, http):
        assert http.post("/lora-adapters", json=order).json()["kept"]
        child.terminate()
    with server(base_gguf, "--adapters-dir", tmp_path) as (child, http):
        layers = http.post("/v1/completions", json=asked).json()["lamina"]["layers"]
        child.terminate()
    (tmp_path / "B.gguf").unlink()
    with server(base_gguf, "--adapters-dir", tmp_path) as (child, http):
        gone = http.post("/v1/completions", json=asked)
        assert http.post("/lora-adapters", json=[]).status_code == 200
        child.terminate()

    assert {one["name"]: one["scale"] for one in layers} == {"A": 0.5, "B": 0.25}
    assert gone.status_code == 404
    assert "the default names layer B, which is no longer there" in gone.text
    assert not (tmp_path / "default.json").exists()


def test_a_default_of_layers_that_lie_elsewhere_is_not_kept(
    base_gguf: Path, layer_folder: Path, tmp_path: Path
) -> None:
    flags = ["--adapters-dir", tmp_path, "--allowed-root", layer_folder]
    with server(base_gguf, *flags) as (child, http):
        order = [{"path": str(layer_folder / "A.gguf"), "scale": 1.0}]
        kept = http.post("/lora-adapters", json=order).json()["kept"]
        child.terminate()

    assert not kept


@contextmanager
def server(model: Path, *flags: object) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    command = [sys.executable, "-m", "lamina.serving", "--model", model, "--port", 0]
    command += ["--n_threads", 1, *flags]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as child:
        line = child.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        url = line.removeprefix("listening on ").strip()
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
            yield child, http


def rest_of_a_stream(
    child: "subprocess.Popen[str]", http: httpx.Client, number: signal.Signals, max_tokens: int
) -> list[str]:
    """What still comes of a stream whose server gets this signal after the first event."""
    body = {"prompt": "the", "stream": True, "ignore_eos": True, "max_tokens": max_tokens}
    with http.stream("POST", "/v1/completions", json=body) as response:
        lines = response.iter_lines()
        next(lines)
        child.send_signal(number)
        return [line for line in lines if line]


def test_a_running_answer_is_finished_before_the_server_stops(base_gguf: Path) -> None:
    with server(base_gguf) as (child, http):
        rest = rest_of_a_stream(child, http, signal.SIGTERM, max_tokens=300)
        last = json.loads(rest[-2].removeprefix("data: "))

        assert last["choices"][0]["finish_reason"] == "length"
        assert rest[-1] == "data: [DONE]"
        assert child.wait() == 0


def test_a_layer_can_be_made_known_only_and_a_stream_past_the_grace_ends_with_an_error(
    base_gguf: Path, layer_folder: Path
) -> None:
    known = ["--lora", layer_folder / "A.gguf", "--lora-init-without-apply"]
    with server(base_gguf, "--stop-within-s", 0, *known) as (child, http):
        layers = http.get("/lora-adapters").json()
        rest = rest_of_a_stream(child, http, signal.SIGINT, max_tokens=1900)

        assert [(layer["name"], layer["scale"]) for layer in layers] == [("A", 0.0)]
        assert "the server is stopping" in rest[-2]
        assert rest[-1] == "data: [DONE]"
        assert child.wait() == 130
