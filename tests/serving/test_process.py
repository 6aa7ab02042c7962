"""The server as a process: start, flags, keys, a clean end."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from lamina.errors import BusyError, DamagedError, ResourceError
from lamina.serving.launch import answers, running_server


def run_server(*flags: object, timeout: float = 30) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lamina.serving", *map(str, flags)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def test_a_taken_port_is_one_sentence_and_its_exit_code(base_gguf: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run_server("--model", base_gguf, "--port", taken.getsockname()[1])

    assert ended.returncode == BusyError.exit_code
    assert "is taken" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_damaged_base_is_one_sentence_and_its_exit_code(tmp_path: Path, base_gguf: Path) -> None:
    damaged = tmp_path / "cut.gguf"
    damaged.write_bytes(base_gguf.read_bytes()[:200_000])
    ended = run_server("--model", damaged, "--port", 0)

    assert ended.returncode == DamagedError.exit_code
    assert "Traceback" not in ended.stderr


def test_a_missing_base_is_one_sentence(tmp_path: Path) -> None:
    ended = run_server("--model", tmp_path / "none.gguf", "--port", 0)

    assert ended.returncode == 3
    assert ended.stderr.count("\n") == 1


def test_a_context_beyond_the_memory_is_one_sentence(base_gguf: Path) -> None:
    ended = run_server("--model", base_gguf, "--port", 0, "--n_ctx", 2_000_000_000)

    assert ended.returncode == ResourceError.exit_code
    assert "start with a smaller --n_ctx or --n_parallel" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_key_is_asked_for_where_one_is_set(
    base_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMINA_API_KEY", "sesame")
    with running_server(base_gguf, n_ctx=256, n_threads=1) as url:
        codes = [
            httpx.get(f"{url}/v1/models", headers=headers, trust_env=False).status_code
            for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer sesame"})
        ]

        assert codes == [401, 401, 200]
        assert answers(url)


def test_sigterm_stops_it_cleanly(base_gguf: Path) -> None:
    command = [sys.executable, "-m", "lamina.serving", "--model", str(base_gguf), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline().startswith("listening on http://127.0.0.1:")
        child.send_signal(signal.SIGTERM)

        assert child.wait(20) == 0


def test_a_layer_named_on_the_command_line_is_applied(base_gguf: Path, layer_folder: Path) -> None:
    flags = ["--lora", f"{layer_folder / 'A.gguf'}=0.5"]
    with running_server(base_gguf, n_ctx=256, n_threads=1, more=flags) as url:
        layers = httpx.get(f"{url}/lora-adapters", trust_env=False).json()

    assert [(layer["name"], layer["scale"]) for layer in layers] == [("A", 0.5)]


def test_init_without_apply_applies_nothing(base_gguf: Path, layer_folder: Path) -> None:
    flags = ["--lora", str(layer_folder / "A.gguf"), "--lora-init-without-apply"]
    with running_server(base_gguf, n_ctx=256, n_threads=1, more=flags) as url:
        layers = httpx.get(f"{url}/lora-adapters", trust_env=False).json()

    assert [(layer["name"], layer["scale"]) for layer in layers] == [("A", 0.0)]


def test_what_the_server_says_becomes_the_callers_error(tmp_path: Path) -> None:
    broken = tmp_path / "x.gguf"
    broken.write_bytes(b"no model")
    with pytest.raises(DamagedError, match=r"x\.gguf"), running_server(broken):
        pass


def test_a_full_queue_answers_429_and_when_to_come_back(base_gguf: Path) -> None:
    flags = ["--queue", "0"]
    with running_server(base_gguf, n_ctx=256, n_threads=1, n_parallel=1, more=flags) as url:
        reply = httpx.post(f"{url}/v1/completions", json={"prompt": "the", "n": 2}, trust_env=False)

    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "2")
    assert reply.json()["error"]["type"] == "rate_limit_error"


@pytest.mark.parametrize(
    "flags",
    [("--port", 70000), ("--queue", -1), ("--flash_attn", "maybe"), ("--lora", "/no/such.gguf")],
)
def test_a_flag_that_cannot_be_is_one_sentence(base_gguf: Path, flags: tuple[str, object]) -> None:
    ended = run_server("--model", base_gguf, *flags)

    assert ended.returncode in {2, 3}
    assert ended.stderr.count("\n") == 1


def test_a_stream_that_outlasts_the_grace_ends_with_an_error_that_says_so(base_gguf: Path) -> None:
    command = [sys.executable, "-m", "lamina.serving", "--model", str(base_gguf), "--port", "0"]
    command += ["--stop-within-s", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        url = child.stdout.readline().removeprefix("listening on ").strip()
        body = {"prompt": "the", "stream": True, "max_tokens": 1900, "ignore_eos": True}
        with (
            httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
            client.stream("POST", "/v1/completions", json=body) as response,
        ):
            lines = response.iter_lines()
            next(lines)
            child.send_signal(signal.SIGINT)
            rest = [line for line in lines if line]

        assert "the server is stopping" in rest[-2]
        assert rest[-1] == "data: [DONE]"
        assert child.wait(20) == 130


def test_a_running_answer_is_finished_before_the_server_stops(base_gguf: Path) -> None:
    command = [sys.executable, "-m", "lamina.serving", "--model", str(base_gguf), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        url = child.stdout.readline().removeprefix("listening on ").strip()
        body = {"prompt": "the", "stream": True, "max_tokens": 300, "ignore_eos": True}
        with (
            httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
            client.stream("POST", "/v1/completions", json=body) as response,
        ):
            lines = response.iter_lines()
            next(lines)
            child.send_signal(signal.SIGTERM)
            rest = [line for line in lines if line]

        assert rest[-1] == "data: [DONE]"
        assert (
            json.loads(rest[-2].removeprefix("data: "))["choices"][0]["finish_reason"] == "length"
        )
        assert child.wait(20) == 0
