"""Which layers answer: the default blend, `model`, `lora` and saved blends, over HTTP."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

Say = Callable[..., str]


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


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ([{"name": "nope"}], 404),
        ([{"id": 77}], 404),
        ([{"path": "/etc/passwd"}], 400),
        ([{"path": "../../../etc/passwd"}], 400),
        ([{"path": "missing.gguf"}], 404),
        ([{"path": "a\0b"}], 400),
        ([{"path": "a" * 5000}], 400),
        ([{"name": "A", "scale": 1e-300}], 400),
        ([{"name": "A", "scale": True}], 400),
        ([{"id": True}], 400),
        ([{"id": -1}], 404),
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


def test_local_means_the_default_blend(http: httpx.Client, say: Say) -> None:
    http.post("/lora-adapters", json=[{"name": "A"}])

    assert say("base") != say("local") == say("A")


def test_a_saved_blend_called_local_is_what_local_means(http: httpx.Client, say: Say) -> None:
    http.put("/blends/local", json=[{"name": "B"}])
    try:
        assert say("local") == say("B")
    finally:
        http.delete("/blends/local")


@pytest.mark.parametrize("name", ["a", "AA", "Local", "gpt-4"])
def test_an_unknown_model_stays_an_error(http: httpx.Client, name: str) -> None:
    assert http.post("/v1/completions", json={"model": name, "prompt": "x"}).status_code == 404


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_a_look_at_the_headers_says_that_the_call_is_there(http: httpx.Client, path: str) -> None:
    assert http.head(path).status_code == 200


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


def test_a_blend_and_a_layer_of_one_name_answer_for_neither(
    http: httpx.Client, say: Say, served_folder: Path
) -> None:
    """The layer came later: whoever asks by this name may mean either."""
    http.put("/blends/Later", json=[{"name": "A"}])
    layer = served_folder / "Later.gguf"
    layer.write_bytes((served_folder / "B.gguf").read_bytes())
    try:
        reply = http.post("/v1/completions", json={"model": "Later", "prompt": "x"})
        assert reply.status_code == 409
        assert "DELETE /blends/Later" in reply.json()["error"]["message"]
        assert say(lora=[{"name": "Later"}]) == say("B")
        http.delete("/blends/Later")
        assert say("Later") == say("B")
    finally:
        layer.unlink()
        http.delete("/blends/Later")


def test_a_layer_called_as_the_base_is_never_taken_for_it(
    http: httpx.Client, say: Say, served_folder: Path
) -> None:
    base = http.get("/v1/models").json()["data"][0]["lamina"]["name"]
    assert say(base) == say("base")
    layer = served_folder / f"{base}.gguf"
    layer.write_bytes((served_folder / "B.gguf").read_bytes())
    try:
        listed = {one["name"]: one["problem"] for one in http.get("/lora-adapters").json()}
        reply = http.post("/v1/completions", json={"model": base, "prompt": "x"})
    finally:
        layer.unlink()

    assert "rename the file" in listed[base]
    assert reply.status_code == 409
    assert "rename the file" in reply.json()["error"]["message"]


def test_a_layer_at_strength_0_is_the_base_bit_for_bit(http: httpx.Client) -> None:
    def scored(**chosen: object) -> list[float]:
        body = {"texts": ["the lease term is paid in March"], **chosen}
        reply = http.post("/v1/score", json=body)
        return reply.json()["data"][0]["token_logprobs"]

    base = scored(model="base")
    with_layer = scored(model="A")

    assert base == scored(lora=[{"name": "A", "scale": 0}])
    assert base == scored(lora=[{"name": "A", "scale": 0}, {"name": "B", "scale": 0.0}])
    assert base != with_layer


def test_the_list_of_models_tells_layers_from_bases(http: httpx.Client) -> None:
    """As vLLM's does: clients look there."""
    http.put("/blends/half", json=[{"name": "A", "scale": 0.5}, {"name": "B", "scale": 0.5}])
    try:
        listed = {one["id"]: one for one in http.get("/v1/models").json()["data"]}
    finally:
        http.delete("/blends/half")

    assert (listed["base"]["root"], listed["base"]["parent"]) == ("mini", None)
    assert listed["A"]["root"].endswith("A.gguf")
    assert {listed[name]["parent"] for name in ("default", "A", "half")} == {"base"}
    assert listed["half"]["root"] == "A:0.5+B:0.5"
