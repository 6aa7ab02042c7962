"""The running server, asked over HTTP as any client would."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import tiny_gguf

from lamina.errors import BusyError, DamagedError
from lamina.serving.launch import answers, running_server

Say = Callable[..., str]
CHAT = {"messages": [{"role": "user", "content": "what is the lease term?"}], "max_tokens": 6}


def events(response: httpx.Response) -> list[dict]:
    lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


# -- layers ---------------------------------------------------------------------------------------


def test_every_layer_of_the_folder_is_known(http: httpx.Client) -> None:
    assert [layer["name"] for layer in http.get("/lora-adapters").json()] == ["A", "B", "C"]


def test_layers_change_the_answer(say: Say) -> None:
    assert len({say("base"), say("A"), say("B"), say("A:0.5+B:0.5")}) == 4


def test_a_swap_leaves_nothing_behind(say: Say) -> None:
    """Base, A, B, A, base: each answers as it does in a server that did nothing else."""
    first = {name: say(name, cache_prompt=False) for name in ("base", "A", "B")}

    again = [say(name) for name in ("base", "A", "B", "A", "base")]

    assert [first[name] for name in ("base", "A", "B", "A", "base")] == again


def test_the_default_blend_answers_requests_without_a_model(http: httpx.Client, say: Say) -> None:
    http.post("/lora-adapters", json={"adapters": [{"name": "A", "scale": 1.0}]})

    assert say("A") == say()


def test_llama_servers_bare_list_sets_the_default_too(http: httpx.Client, say: Say) -> None:
    known = {layer["name"]: layer["id"] for layer in http.get("/lora-adapters").json()}
    http.post(
        "/lora-adapters", json=[{"id": known["B"], "scale": 1.0}, {"id": known["A"], "scale": 0}]
    )

    assert say("B") == say()


def test_an_empty_list_clears_the_default(http: httpx.Client, say: Say) -> None:
    http.post("/lora-adapters", json=[{"name": "A", "scale": 1.0}])
    http.post("/lora-adapters", json={"adapters": []})

    assert say("base") == say()


def test_a_layer_in_the_default_shows_its_scale(http: httpx.Client) -> None:
    http.post("/lora-adapters", json=[{"name": "A", "scale": 0.25}])
    shown = {
        layer["name"]: (layer["scale"], layer["loaded"])
        for layer in http.get("/lora-adapters").json()
    }

    assert shown["A"] == (0.25, True)


def test_the_lora_field_chooses_as_model_does(say: Say) -> None:
    assert say("A") == say(lora=[{"name": "A"}])


def test_the_response_says_what_answered(http: httpx.Client) -> None:
    reply = http.post(
        "/v1/completions", json={"model": "A:0.5+B", "prompt": "the", "max_tokens": 2}
    )
    layers = {layer["name"]: layer["scale"] for layer in reply.json()["lamina"]["layers"]}

    assert layers == {"A": 0.5, "B": 1.0}
    assert "A:0.5@" in reply.headers["X-Lamina-Layers"]


def test_a_layer_dropped_into_the_folder_is_known_at_once(
    http: httpx.Client, say: Say, base_gguf: Path, tmp_path: Path
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    new = tiny_gguf.write_layer(tmp_path / "New.gguf", base_gguf, seed=99)
    (tmp_path / "New.gguf").rename(f"{folder}/{new.name}")

    assert say("New") != say("base")


def test_a_replaced_file_answers_as_its_new_version(
    http: httpx.Client, say: Say, base_gguf: Path, tmp_path: Path
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    first = tiny_gguf.write_layer(tmp_path / "V.gguf", base_gguf, seed=51)
    first.rename(f"{folder}/V.gguf")
    before = say("V")
    second = tiny_gguf.write_layer(tmp_path / "V.gguf", base_gguf, seed=52)
    second.rename(f"{folder}/V.gguf")

    assert say("V") != before


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ([{"name": "nope"}], 404),
        ([{"id": 77}], 404),
        ([{"path": "/etc/passwd"}], 400),
        ([{"path": "../../../etc/passwd"}], 400),
        ([{"path": "missing.gguf"}], 404),
        ([{"name": "A", "scale": "high"}], 400),
        ([{"name": "A"}, {"name": "A"}], 400),
        ([{"scale": 1}], 400),
        ({"adapters": 3}, 400),
        ("A", 400),
    ],
)
def test_an_order_that_cannot_be_is_refused_and_changes_nothing(
    http: httpx.Client, say: Say, order: object, status: int
) -> None:
    http.post("/lora-adapters", json=[{"name": "B"}])

    assert status == http.post("/lora-adapters", json=order).status_code
    assert say("B") == say()


def test_a_damaged_layer_is_listed_with_its_problem_and_refused(http: httpx.Client) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    with open(f"{folder}/Broken.gguf", "wb") as file:  # noqa: PTH123 - a path from the server
        file.write(b"GGUF\x03\x00\x00\x00" + b"\xff" * 64)
    shown = {layer["name"]: layer["problem"] for layer in http.get("/lora-adapters").json()}

    assert "damaged" in shown["Broken"] or "no sound GGUF" in shown["Broken"]
    assert http.post("/lora-adapters", json=[{"name": "Broken"}]).status_code == 422


def test_a_layer_for_another_base_is_a_conflict(http: httpx.Client, tmp_path: Path) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    other = tiny_gguf.write_base(tmp_path / "other.gguf", seed=2)
    tiny_gguf.write_layer(tmp_path / "Foreign.gguf", other, seed=5).rename(f"{folder}/Foreign.gguf")

    assert http.post("/v1/completions", json={"model": "Foreign", "prompt": "a"}).status_code == 409


def test_a_peft_folder_without_gguf_form_names_the_command_that_makes_it(
    http: httpx.Client,
) -> None:
    folder = http.get("/lora-adapters").json()[0]["path"].rpartition("/")[0]
    subprocess.run(["mkdir", "-p", f"{folder}/peft_x"], check=True)  # noqa: S607
    subprocess.run(["touch", f"{folder}/peft_x/adapter_config.json"], check=True)  # noqa: S607
    reply = http.post("/lora-adapters", json={"adapters": [{"path": f"{folder}/peft_x"}]})

    assert reply.status_code == 404
    assert "lamina export_layers" in reply.json()["error"]["message"]


def test_a_saved_blend_can_be_named_as_model(http: httpx.Client, say: Say) -> None:
    order = {"adapters": [{"name": "A", "scale": 0.5}, {"name": "B", "scale": 0.5}]}
    assert http.put("/blends/Both", json=order).status_code == 200

    assert say("Both") == say("A:0.5+B:0.5")
    assert "Both" in [model["id"] for model in http.get("/v1/models").json()["data"]]
    assert http.delete("/blends/Both").status_code == 200
    assert http.post("/v1/completions", json={"model": "Both", "prompt": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("name", "order", "status"),
    [
        ("A", [{"name": "B"}], 400),
        ("base", [{"name": "B"}], 400),
        ("a+b", [{"name": "B"}], 400),
        ("X", [], 400),
        ("X", [{"name": "nope"}], 404),
        ("X", [{"id": 0}], 400),
    ],
)
def test_a_blend_that_cannot_be_is_not_saved(
    http: httpx.Client, name: str, order: list[dict], status: int
) -> None:
    assert http.put(f"/blends/{name}", json=order).status_code == status
    assert http.get("/blends").json() == {}


# -- generation -----------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "nope", **CHAT}, 404),
        ({"messages": []}, 400),
        ({"messages": [{"role": "king", "content": "x"}]}, 400),
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


COMPLETION = {"prompt": "the", "max_tokens": 8}


@pytest.mark.parametrize(
    "body",
    [
        {**COMPLETION, "grammar": "root ::= " + "(" * 20000 + '"a"' + ")" * 20000},
        {**COMPLETION, "grammar": "root ::= root"},
        {**COMPLETION, "grammar": 'root ::= "\\x00"'},
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
    ],
)
def test_a_hostile_request_is_refused_and_the_server_lives(
    http: httpx.Client, say: Say, body: dict
) -> None:
    raw = json.dumps(body)  # with surrogates escaped, as JSON allows
    reply = http.post("/v1/completions", content=raw, headers={"Content-Type": "application/json"})

    assert reply.status_code == 400, reply.text
    assert say("A")


@pytest.mark.parametrize("size", [{"maxItems": 10**6}, {"minItems": 10**5}])
def test_a_schema_that_explodes_is_refused(http: httpx.Client, size: dict[str, int]) -> None:
    schema = {"type": "array", "items": {"type": "integer"}, **size}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    reply = http.post("/v1/chat/completions", json={**CHAT, "response_format": form})

    assert reply.status_code == 400


# -- scores and tokens ----------------------------------------------------------------------------


def test_a_score_is_the_sum_of_the_tokens_log_probabilities(http: httpx.Client) -> None:
    texts = ["the lease term is paid", "goodwill"]
    data = http.post("/v1/score", json={"model": "A", "texts": texts}).json()["data"]

    for item in data:
        assert item["logprob"] == pytest.approx(sum(item["token_logprobs"]))
        assert item["n_tokens"] == len(item["tokens"]) == len(item["token_logprobs"])


def test_a_score_does_not_depend_on_what_is_scored_beside_it(http: httpx.Client) -> None:
    texts = [f"the lease {number}" for number in range(9)]
    alone = [
        http.post("/v1/score", json={"texts": [text], "cache_prompt": False}).json()["data"][0][
            "logprob"
        ]
        for text in texts
    ]
    together = http.post("/v1/score", json={"texts": texts}).json()["data"]

    assert alone == pytest.approx([item["logprob"] for item in together], abs=1e-3)


def test_a_score_agrees_with_the_log_probabilities_of_generation(http: httpx.Client) -> None:
    body = {"prompt": "the lease", "temperature": 0, "max_tokens": 1, "logprobs": 1}
    choice = http.post("/v1/completions", json=body).json()["choices"][0]
    item = {"prompt": "the lease", "completion": choice["text"]}
    scored = http.post("/v1/score", json={"items": [item]}).json()["data"][0]

    assert scored["n_tokens"] == 1
    assert scored["logprob"] == pytest.approx(choice["logprobs"]["token_logprobs"][0], abs=1e-3)


def test_layers_change_scores(http: httpx.Client) -> None:
    def loss(model: str) -> float:
        return http.post("/v1/score", json={"model": model, "texts": ["the lease"]}).json()["data"][
            0
        ]["loss"]

    assert loss("base") != pytest.approx(loss("A"), abs=0.01)


def test_an_answer_in_a_conversation_is_scored_without_the_question(http: httpx.Client) -> None:
    item = {"messages": [{"role": "user", "content": "what"}], "text": "the lease"}
    data = http.post("/v1/score", json={"items": [item]}).json()["data"][0]
    spelled = http.post("/detokenize", json={"tokens": data["tokens"]}).json()["content"]

    assert spelled == " the lease</s>"


def test_more_texts_than_the_queue_holds_are_scored(http: httpx.Client) -> None:
    texts = [f"the lease {number}" for number in range(400)]
    data = http.post("/v1/score", json={"model": "B", "texts": texts}).json()["data"]

    assert [item["index"] for item in data] == list(range(400))


def test_nothing_to_score_is_refused(http: httpx.Client) -> None:
    assert http.post("/v1/score", json={"texts": [""]}).status_code == 400
    assert http.post("/v1/score", json={}).status_code == 400


def test_tokens_of_a_chat_begin_with_bos_exactly_once(http: httpx.Client) -> None:
    tokens = http.post("/tokenize", json={"messages": CHAT["messages"]}).json()["tokens"]

    assert (tokens[0], tokens.count(1)) == (1, 1)


def test_tokens_become_the_text_again(http: httpx.Client) -> None:
    tokens = http.post("/tokenize", json={"content": "the lease", "add_special": False}).json()
    text = http.post("/detokenize", json=tokens).json()["content"]

    assert text.strip() == "the lease"


def test_models_lists_what_a_request_can_name(http: httpx.Client) -> None:
    names = [model["id"] for model in http.get("/v1/models").json()["data"]]

    assert names[:5] == ["base", "default", "A", "B", "C"]


# -- the process ----------------------------------------------------------------------------------


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


def test_a_full_queue_answers_503_and_when_to_come_back(base_gguf: Path) -> None:
    flags = ["--queue", "0"]
    with running_server(base_gguf, n_ctx=256, n_threads=1, n_parallel=1, more=flags) as url:
        reply = httpx.post(f"{url}/v1/completions", json={"prompt": "the", "n": 2}, trust_env=False)

    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "2")
    assert reply.json()["error"]["type"] == "overloaded_error"


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
