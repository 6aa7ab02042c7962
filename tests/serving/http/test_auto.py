"""`"model": "auto"` over HTTP: the layer that was trained on what is asked."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import tiny_gguf

from lamina.passport import profile
from lamina.text.rows import Row

SAID = {
    "Leases": "The lease term is paid in March, and every lease is paid once a year.",
    "Goodwill": "Goodwill is tested once a year, and the controller approves every write off.",
}
LEASE = "When is the lease term paid?"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, base_gguf: Path) -> list[Path]:
    """Two layers that say what they were trained on."""
    folder = tmp_path_factory.mktemp("profiled")
    for seed, (name, text) in enumerate(SAID.items(), start=50):
        row = Row(layer="", split="train", kind="text", text=text, document="d", pages=(1, 1))
        told = profile.of_rows([row])
        tiny_gguf.write_layer(folder / f"{name}.gguf", base_gguf, seed=seed, profile=told)
    return list(folder.iterdir())


@pytest.fixture
def _profiled(made: list[Path], served_folder: Path) -> Iterator[None]:
    """They lie beside the others for the time."""
    for path in made:
        (served_folder / path.name).hardlink_to(path)
    yield
    for path in made:
        (served_folder / path.name).unlink()


def chat(http: httpx.Client, *turns: str, **more: object) -> httpx.Response:
    messages = [
        {"role": "user" if number % 2 == 0 else "assistant", "content": turn}
        for number, turn in enumerate(turns)
    ]
    body = {"model": "auto", "messages": messages, "max_tokens": 3, "temperature": 0, **more}
    return http.post("/v1/chat/completions", json=body)


def test_without_profiles_auto_is_no_model(http: httpx.Client) -> None:
    said = chat(http, LEASE)

    assert said.status_code == 404
    assert "none says what it was trained on" in said.json()["error"]["message"]
    assert "auto" not in [model["id"] for model in http.get("/v1/models").json()["data"]]


@pytest.mark.usefixtures("_profiled")
@pytest.mark.parametrize(
    ("question", "layer"),
    [(LEASE, "Leases"), ("Who approves the write off of goodwill?", "Goodwill")],
)
def test_the_answer_says_which_layer_gave_it_and_how_sure(
    http: httpx.Client, question: str, layer: str
) -> None:
    said = chat(http, question)

    told = said.json()["lamina"]
    assert [one["name"] for one in told["layers"]] == [layer]
    assert told["route"]["layer"] == layer
    assert 0.5 < told["route"]["confidence"] <= 1
    assert {one["layer"] for one in told["route"]["runners_up"]} == {*SAID, "base"} - {layer}
    assert said.headers["X-Lamina-Layers"].startswith(f"{layer}:1@")


@pytest.mark.usefixtures("_profiled")
def test_it_is_the_same_answer_as_that_layers(http: httpx.Client) -> None:
    by_name = chat(http, LEASE, model="Leases").json()

    assert by_name["choices"] == chat(http, LEASE).json()["choices"]
    assert "route" not in by_name["lamina"]


@pytest.mark.usefixtures("_profiled")
def test_a_general_question_is_the_bases(http: httpx.Client) -> None:
    told = chat(http, "Why do onions make us cry when we chop them?").json()["lamina"]

    assert told["layers"] == []
    assert told["route"]["layer"] == "base"


@pytest.mark.usefixtures("_profiled")
def test_a_stream_ends_with_the_route(http: httpx.Client) -> None:
    lines = chat(http, LEASE, stream=True).text.splitlines()
    parts = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]

    assert [part["lamina"]["route"]["layer"] for part in parts if "lamina" in part] == ["Leases"]


@pytest.mark.usefixtures("_profiled")
def test_a_completion_is_routed_by_its_prompt_as_text_and_as_tokens(http: httpx.Client) -> None:
    tokens = http.post("/tokenize", json={"content": LEASE}).json()["tokens"]
    for prompt in (LEASE, tokens):
        body = {"model": "auto", "prompt": prompt, "max_tokens": 1}
        told = http.post("/v1/completions", json=body).json()["lamina"]

        assert told["route"]["layer"] == "Leases"


@pytest.mark.usefixtures("_profiled")
def test_it_is_listed_among_the_models(http: httpx.Client) -> None:
    assert "auto" in [model["id"] for model in http.get("/v1/models").json()["data"]]


@pytest.mark.usefixtures("_profiled")
def test_a_saved_blend_of_that_name_goes_before(http: httpx.Client) -> None:
    http.put("/blends/auto", json=[{"name": "A"}]).raise_for_status()
    told = chat(http, LEASE).json()["lamina"]
    http.delete("/blends/auto")

    assert [one["name"] for one in told["layers"]] == ["A"]
    assert "route" not in told


@pytest.mark.usefixtures("_profiled")
@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("/v1/score", {"model": "auto", "texts": ["the lease"]}),
        ("/v1/completions", {"model": "auto", "lora": [{"name": "A"}], "prompt": "the lease"}),
    ],
)
def test_where_auto_cannot_be_it_is_refused(
    http: httpx.Client, call: str, body: dict[str, object]
) -> None:
    said = http.post(call, json=body)

    assert said.status_code == 400
    assert "auto" in said.json()["error"]["message"]


def test_a_layer_whose_profile_is_damaged_is_refused(
    http: httpx.Client, served_folder: Path, base_gguf: Path
) -> None:
    path = tiny_gguf.write_layer(served_folder / "Torn.gguf", base_gguf, seed=60, profile="torn")
    said = chat(http, LEASE, model="Torn")
    path.unlink()

    assert said.status_code == 422
    assert "profile" in said.json()["error"]["message"]
